import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Places, reasonOf } from '@webxterm/shared';
import type { Caller, RequestContext } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import { recordingFact } from './audit.ts';
import { type CastVersion, CastWriter } from './cast.ts';
import { framesIn } from './chunk-codec.ts';
import type { RecordingReader } from './reader.ts';
import type { RecordingRecord } from './record.ts';

export interface CastDownloadsOptions {
  readonly reader: Pick<RecordingReader, 'all'>;
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

/** Sends recordings as asciicast. */
export class CastDownloads {
  readonly #options: CastDownloadsOptions;
  readonly #places = new Places(limits);

  constructor(options: CastDownloadsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when everything is sent or the client has disconnected.
   * @throws AppError too_many_requests; unavailable when the download cannot be audited
   */
  async send(
    record: RecordingRecord,
    version: CastVersion,
    { userId }: Pick<Caller, 'userId'>,
    context: Pick<RequestContext, 'request' | 'response' | 'logger'>,
  ): Promise<void> {
    await this.#places.within(userId, () => this.#send(record, version, context));
  }

  async #send(
    record: RecordingRecord,
    version: CastVersion,
    { request, response, logger }: Pick<RequestContext, 'request' | 'response' | 'logger'>,
  ): Promise<void> {
    try {
      if (request.method !== 'HEAD') await this.#record(record, version);
      response.status(200).set({
        'content-type': 'application/x-asciicast',
        'content-disposition': `attachment; filename="recording-${record.recording_id}.cast"`,
        'cache-control': 'no-store',
      });
      response.setTimeout(this.#options.stalledMs ?? stalledMs, () => response.destroy());
      if (request.method === 'HEAD') response.end();
      else await pipeline(Readable.from(this.#text(record, version), { highWaterMark: 1 }), response);
    } catch (error) {
      if (!response.headersSent) throw error;
      // The connection is closed, so that an incomplete file does not look complete.
      response.destroy();
      logger.info({ reason: reasonOf(error) }, 'a download of a recording ended early');
    }
  }

  async *#text(record: RecordingRecord, version: CastVersion): AsyncGenerator<string> {
    const writer = new CastWriter(version, record);
    yield writer.header(record);
    for await (const plain of this.#options.reader.all(record)) {
      let lines = '';
      for (const frame of framesIn(plain)) lines += writer.lines(frame);
      if (lines !== '') yield lines;
    }
    const end = writer.lines({
      type: 'ended',
      finalOffset: record.next_offset,
      cause: 'unknown',
      exitCode: record.exit_code ?? undefined,
      signal: undefined,
    });
    if (record.status === 'ended' && end !== '') yield end;
  }

  #record(record: RecordingRecord, version: CastVersion): Promise<void> {
    const about = recordingFact(record);
    return this.#options.auditor.record({
      ...about,
      action: 'recording_downloaded',
      details: { ...about.details, format: `asciicast-v${version}` },
    });
  }
}
