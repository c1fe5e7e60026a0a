import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Places, reasonOf } from '@webxterm/shared';
import type { Caller, RequestContext } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import { recordingFact } from './audit.ts';
import type { RecordingRecord } from './record.ts';
import type { RecordingFile } from './recording-file.ts';

export interface RecordingDownloadsOptions {
  readonly auditor: Pick<Auditor, 'record'>;
  /** Default: a minute. */
  readonly stalledMs?: number;
}

/** Each download decrypts and converts a recording. */
const limits = {
  each: { most: 2, message: 'Two downloads of yours are running. Wait for one to end.' },
  all: { most: 8, message: 'Downloads of other users are running. Try again shortly.' },
};

/** A client that takes nothing for this time is disconnected. It would keep its place from others. */
const stalledMs = 60_000;

/** Sends recordings as files. */
export class RecordingDownloads {
  readonly #options: RecordingDownloadsOptions;
  readonly #places = new Places(limits);

  constructor(options: RecordingDownloadsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when everything is sent or the client has disconnected.
   * @throws AppError too_many_requests; unavailable when the download cannot be audited
   */
  async send(
    record: RecordingRecord,
    file: RecordingFile,
    { userId }: Pick<Caller, 'userId'>,
    context: Pick<RequestContext, 'request' | 'response' | 'logger'>,
  ): Promise<void> {
    await this.#places.within(userId, () => this.#send(record, file, context));
  }

  async #send(
    record: RecordingRecord,
    file: RecordingFile,
    { request, response, logger }: Pick<RequestContext, 'request' | 'response' | 'logger'>,
  ): Promise<void> {
    try {
      if (request.method !== 'HEAD') await this.#record(record, file.format);
      response.status(200).set({
        'content-type': file.contentType,
        'content-disposition': `attachment; filename="recording-${record.recording_id}.${file.extension}"`,
        'cache-control': 'no-store',
      });
      response.setTimeout(this.#options.stalledMs ?? stalledMs, () => response.destroy());
      if (request.method === 'HEAD') response.end();
      else await pipeline(Readable.from(file.parts(), { highWaterMark: 1 }), response);
    } catch (error) {
      if (!response.headersSent) throw error;
      // The connection is closed, so that an incomplete file does not look complete.
      response.destroy();
      logger.info({ reason: reasonOf(error) }, 'a download of a recording ended early');
    }
  }

  #record(record: RecordingRecord, format: string): Promise<void> {
    const about = recordingFact(record);
    return this.#options.auditor.record({
      ...about,
      action: 'recording_downloaded',
      details: { ...about.details, format },
    });
  }
}
