import { createHash } from 'node:crypto';
import { fileData, fileJson, maxFileData } from '@webxterm/contracts/file-messages';
import { AppError } from '@webxterm/shared';
import type { RequestContext } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { z } from 'zod';
import { Done, Written } from './answers.ts';
import { fileFact } from './audit.ts';
import { writeConditions } from './conditions.ts';
import { type FileCall, longestTransferMs } from './file-call.ts';

export interface UploadRequest {
  readonly agentId: string;
  readonly path: string;
  readonly call: Pick<FileCall, 'send' | 'answer' | 'hasMessage' | 'changed' | 'linuxUser' | 'close'>;
  readonly request: RequestContext['request'];
}

/** Bytes of a refused upload that are still read: most clients read the answer only when they have sent everything. */
const maxDrained = 64 * 1024 * 1024;
/** A client that sends nothing for this long gets the answer without having sent everything. */
const drainSilenceMs = 500;
/** It gets the answer after this time in any case, so that a client that sends a byte now and then does not keep its place. */
const longestDrainMs = 60_000;

/** The length of the file. @throws AppError length_required, file_too_large */
export const lengthOf = (request: UploadRequest['request'], maxBytes: number): number => {
  const length = request.headers['content-length'];
  if (length === undefined) throw new AppError('length_required');
  if (Number(length) <= maxBytes) return Number(length);
  const mib = maxBytes / (1024 * 1024);
  throw new AppError('file_too_large', `The file is larger than the ${mib} MiB that this server allows.`);
};

/** Writes the body of the request to a file of a machine. @throws AppError */
export const receiveFile = async (
  { agentId, path, call, request }: UploadRequest,
  size: number,
  auditor: Pick<Auditor, 'act'>,
): Promise<z.output<typeof Written>> => {
  const fact = fileFact('file_uploaded', agentId, path, { direction: 'up', bytes: size });
  const write = async (): Promise<z.output<typeof Written>> => {
    await call.send(fileJson({ op: 'write', path, size, ...writeConditions(request.headers) }));
    await call.answer(Done);
    const sha256 = await sendBody({ call, request });
    if (!call.hasMessage) await call.send(fileJson({ sha256 }));
    const written = await call.answer(Written);
    // The row of the audit log and the answer have the hash of what was sent, whatever the machine says.
    if (written.sha256 !== sha256) throw new AppError('file_failed', 'The machine did not write what was sent to it.');
    return written;
  };
  try {
    return await auditor.act(fact, write, {
      withinMs: longestTransferMs,
      resultOf: ({ sha256 }) => ({ details: { ...fact.details, linux_user: call.linuxUser, sha256 } }),
    });
  } catch (error) {
    call.close();
    await drained(request);
    throw error;
  }
};

/** Passes the body on until it ends, or the machine answers early. @returns the SHA-256 of what was passed on */
const sendBody = async ({ call, request }: Pick<UploadRequest, 'call' | 'request'>): Promise<string> => {
  const hash = createHash('sha256');
  const body: AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false });
  const chunkAfter = (): Promise<IteratorResult<Buffer>> => {
    const next = body.next();
    // A client that leaves while nobody waits for it is no failure of its own.
    next.catch(() => undefined);
    return next;
  };
  try {
    for (let next = chunkAfter(); ; ) {
      // The upload ends with the right, also while the client sends nothing.
      const step = await Promise.race([next, call.changed]);
      if (call.hasMessage) {
        body.return?.().catch(() => undefined);
        return '';
      }
      if (step === undefined) continue;
      if (step.done === true) return hash.digest('hex');
      const chunk: Buffer = step.value;
      next = chunkAfter();
      hash.update(chunk);
      for (let at = 0; at < chunk.length; at += maxFileData) {
        if (call.hasMessage) break;
        await call.send(fileData(chunk.subarray(at, at + maxFileData)));
      }
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('bad_request', 'The upload was broken off.', { cause: error });
  }
};

const drained = (request: UploadRequest['request']): Promise<void> =>
  new Promise((resolve) => {
    let read = 0;
    if (request.complete || request.destroyed) return resolve();
    const done = (): void => {
      clearTimeout(silence);
      clearTimeout(longest);
      resolve();
    };
    const silence = setTimeout(done, drainSilenceMs);
    const longest = setTimeout(done, longestDrainMs);
    request.on('data', (chunk: Buffer) => {
      silence.refresh();
      read += chunk.length;
      if (read > maxDrained) done();
    });
    request.once('end', done).once('close', done).resume();
  });
