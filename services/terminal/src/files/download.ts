import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { fileJson } from '@webxterm/contracts/file-messages';
import { nameOf } from '@webxterm/contracts/file-paths';
import { plainText } from '@webxterm/contracts/text';
import { AppError, toAppError } from '@webxterm/shared';
import type { RequestContext } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { z } from 'zod';
import { Hashed, Opened } from './answers.ts';
import { fileFact } from './audit.ts';
import { attachmentHeader, ifRangeOf, rangeOf } from './conditions.ts';
import { type FileCall, longestTransferMs } from './file-call.ts';

export interface DownloadRequest {
  readonly agentId: string;
  readonly path: string;
  readonly call: FileCall;
  readonly context: Pick<RequestContext, 'request' | 'response'>;
}

/** A download ends when its client takes nothing for this long. The helper on the machine ends then, too. */
const stalledMs = 60_000;

/** How a download ended. `error`: the rest of the content could not be sent. */
interface Sent {
  readonly bytes: number;
  readonly sha256: string | null;
  readonly error?: AppError;
}

/** Sends the content of a file, or the part that the request asks for. @throws AppError before the first byte */
export const sendFile = async (request: DownloadRequest, auditor: Pick<Auditor, 'act'>): Promise<void> => {
  const { agentId, path, context } = request;
  if (context.request.method === 'HEAD') {
    await answerWith(request);
    context.response.end();
    return;
  }
  const fact = fileFact('file_downloaded', agentId, path, { direction: 'down' });
  const sent = await auditor.act(fact, () => send(request), {
    withinMs: longestTransferMs,
    resultOf: ({ bytes, sha256, error }) => ({
      details: { ...fact.details, linux_user: request.call.linuxUser, bytes, sha256 },
      ...(error === undefined ? {} : { result: 'failed', reason: error.code }),
    }),
  });
  // The connection is closed, so that an incomplete file does not look complete.
  if (sent.error !== undefined) context.response.destroy();
};

/** Opens the file and writes the headers of the response. */
const answerWith = async ({ path, call, context }: DownloadRequest): Promise<z.output<typeof Opened>> => {
  const { request, response } = context;
  const range = rangeOf(request.headers.range);
  const head = request.method === 'HEAD';
  await call.send(fileJson({ op: 'read', path, range, ifRange: ifRangeOf(request.get('if-range')), head }));
  const opened = await call.answer(Opened);
  const { size, from, length, etag, partial } = opened;
  if (length === null) {
    response.setHeader('content-range', `bytes */${size}`);
    throw new AppError('range_not_satisfiable', `The file has only ${size} bytes.`);
  }
  response.status(partial ? 206 : 200).set({
    ...(partial ? { 'content-range': `bytes ${from}-${from + length - 1}/${size}` } : {}),
    'content-type': 'application/octet-stream',
    'content-length': String(length),
    'content-disposition': attachmentHeader(plainText(nameOf(path), 200) || 'file'),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    'last-modified': new Date(opened.modified_at).toUTCString(),
    etag: `"${etag}"`,
  });
  return opened;
};

const send = async (request: DownloadRequest): Promise<Sent> => {
  const { call, context } = request;
  const { response } = context;
  const { length } = await answerWith(request);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for (;;) {
      const message = await call.next();
      if (message.type === 'json') {
        const { sha256 } = call.read(message, Hashed);
        if (bytes !== length || sha256 !== hash.digest('hex'))
          throw new AppError('file_failed', 'The content did not arrive as the machine sent it.');
        response.end();
        return { bytes, sha256 };
      }
      // The gateway keeps the connection, so it would take bytes behind the announced ones for the next response.
      if (bytes + message.bytes.length > (length ?? 0))
        throw new AppError('file_failed', 'The machine sent more than it announced.');
      bytes += message.bytes.length;
      hash.update(message.bytes);
      if (!response.write(message.bytes)) await taken(response, call);
    }
  } catch (error) {
    return { bytes, sha256: null, error: toAppError(error) };
  }
};

/**
 * Waits until the client has taken what was written, is gone, or the call was ended: a client that does not read must not keep its place.
 * @throws AppError request_timeout
 */
const taken = async (response: ServerResponse, call: Pick<FileCall, 'cut' | 'changed'>): Promise<void> => {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const { promise: drained, resolve: drain } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve('late'), stalledMs);
  const onDrain = (): void => drain(undefined);
  response.on('drain', onDrain).on('close', onDrain);
  try {
    while (response.writableNeedDrain && !response.closed && !call.cut)
      if ((await Promise.race([drained, late, call.changed])) === 'late')
        throw new AppError('request_timeout', `The client has read nothing for ${stalledMs / 1000} s.`);
  } finally {
    clearTimeout(timer);
    response.off('drain', onDrain).off('close', onDrain);
  }
};
