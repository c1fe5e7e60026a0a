import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { fileJson } from '@webxterm/contracts/file-messages';
import { nameOf } from '@webxterm/contracts/file-paths';
import { plainText } from '@webxterm/contracts/text';
import { AppError, toAppError } from '@webxterm/shared';
import type { RequestContext } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { z } from 'zod';
import { Archived, Done, Hashed, Opened } from './answers.ts';
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
  const work = async (): Promise<Sent> => {
    const { length } = await answerWith(request);
    return send(request, Hashed, length ?? 0);
  };
  await audited(fact, work, request, auditor);
};

/** Sends a folder as a tar, whose length nobody knows. @throws AppError before the first byte */
export const sendFolder = async (request: DownloadRequest, auditor: Pick<Auditor, 'act'>): Promise<void> => {
  const { agentId, path, call, context } = request;
  const fact = fileFact('folder_downloaded', agentId, path, { direction: 'down' });
  const open = async (): Promise<void> => {
    await call.send(fileJson({ op: 'archive', path }));
    await call.answer(Done);
    context.response.status(200).set(headersOf(`${plainText(nameOf(path), 200) || 'root'}.tar`, 'application/x-tar'));
  };
  if (context.request.method === 'HEAD') {
    await open();
    context.response.end();
    return;
  }
  const work = async (): Promise<Sent> => {
    await open();
    return send(request, Archived, undefined);
  };
  await audited(fact, work, request, auditor);
};

const audited = async (
  fact: ReturnType<typeof fileFact>,
  work: () => Promise<Sent>,
  { call, context }: DownloadRequest,
  auditor: Pick<Auditor, 'act'>,
): Promise<void> => {
  const sent = await auditor.act(fact, work, {
    withinMs: longestTransferMs,
    resultOf: ({ bytes, sha256, error }) => ({
      details: { ...fact.details, linux_user: call.linuxUser, bytes, sha256 },
      ...(error === undefined ? {} : { result: 'failed', reason: error.code }),
    }),
  });
  // The connection is closed, so that an incomplete file does not look complete.
  if (sent.error !== undefined) context.response.destroy();
};

/** A browser saves what has these headers, and never renders it. */
const headersOf = (name: string, type: string): Record<string, string> => ({
  'content-type': type,
  'content-disposition': attachmentHeader(name),
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
});

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
    ...headersOf(plainText(nameOf(path), 200) || 'file', 'application/octet-stream'),
    'content-length': String(length),
    'accept-ranges': 'bytes',
    'last-modified': new Date(opened.modified_at).toUTCString(),
    etag: `"${etag}"`,
  });
  return opened;
};

/** Passes the bytes on until the machine sends their hash. `length`: undefined if it was not announced. */
const send = async (
  { call, context: { response } }: DownloadRequest,
  end: typeof Hashed | typeof Archived,
  length: number | undefined,
): Promise<Sent> => {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for (;;) {
      const message = await call.next();
      if (message.type === 'json') {
        const { sha256 } = call.read(message, end);
        if (bytes !== (length ?? bytes) || sha256 !== hash.digest('hex'))
          throw new AppError('file_failed', 'The content did not arrive as the machine sent it.');
        response.end();
        return { bytes, sha256 };
      }
      // The gateway keeps the connection, so it would take bytes behind the announced ones for the next response.
      if (length !== undefined && bytes + message.bytes.length > length)
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
