import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { waitAfter } from '@webxterm/contracts/back-off';
import { downloadFile, uploadFile } from '@webxterm/contracts/rest';
import { ApiError, fetchAnswer, UnreachableError, urlOf } from '@webxterm/rest-client';
import { Failure } from '../failure.ts';
import type { Server } from '../server/server.ts';
import { Progress } from './progress.ts';

/** A file or folder of a machine. */
export interface Remote {
  readonly server: Server;
  readonly agentId: string;
  /** Absolute, in the text form of the API. */
  readonly path: string;
  readonly linuxUser: string | undefined;
}

export const placeIn = ({ agentId, linuxUser }: Omit<Remote, 'path'>) => ({
  params: { agent_id: agentId },
  as: linuxUser === undefined ? {} : { linux_user: linuxUser },
});

const addressOf = (route: typeof downloadFile | typeof uploadFile, remote: Remote): string => {
  const { params, as } = placeIn(remote);
  return urlOf(route, { params, query: { path: remote.path, ...as } });
};

/** Sends a local file. `replace` false: refused with `file_exists` if there is one. */
export const sendFile = async (
  local: string,
  remote: Remote,
  options: { replace: boolean; name: string },
): Promise<number> => {
  const { size } = await stat(local);
  const progress = new Progress(options.name, size);
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(local, { end: Math.max(0, size - 1) })) {
      progress.add(chunk.length);
      yield chunk;
    }
  };
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(size),
    ...(options.replace ? {} : { 'if-none-match': '*' }),
  };
  const body = size === 0 ? new Uint8Array() : counted();
  await fetchAnswer(remote.server.fetcher, addressOf(uploadFile, remote), {
    method: 'PUT',
    headers,
    body,
    duplex: 'half',
  });
  progress.end();
  return size;
};

/** Waits between tries that bring no byte. */
const backOff = { firstMs: 500, longestMs: 10_000 };
const triesWithoutProgress = 8;

/** Whether a transfer that broke may go on. */
const isCut = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ApiError && error.status >= 500) || error instanceof TypeError;

/**
 * Loads a file into a local one, which it replaces at the end. After a cut it goes on where it was.
 * @throws Failure if the file changes meanwhile
 */
export const loadFile = async (remote: Remote, local: string, name: string): Promise<number> => {
  // A new file at a name that nobody knows, so neither a file of that name nor a link of another user is written to.
  const part = `${local}.${randomUUID()}.part`;
  const file = await open(part, 'wx');
  let done = 0;
  let etag: string | undefined;
  let progress: Progress | undefined;
  try {
    for (let failures = 0; ; ) {
      const before = done;
      try {
        const headers = done === 0 || etag === undefined ? {} : { range: `bytes=${done}-`, 'if-range': etag };
        const answer = await fetchAnswer(remote.server.fetcher, addressOf(downloadFile, remote), { headers });
        if (done > 0 && answer.status !== 206) throw new Failure(`${name} was changed while it was loaded. Try again.`);
        etag = answer.headers.get('etag') ?? undefined;
        const total = done + Number(answer.headers.get('content-length') ?? 0);
        progress ??= new Progress(name, total);
        for await (const chunk of answer.body ?? []) {
          await file.write(chunk);
          done += chunk.length;
          progress.add(chunk.length);
        }
        if (done === total) break;
        throw new TypeError('the connection was closed early');
      } catch (error) {
        failures = done > before ? 1 : failures + 1;
        if (!isCut(error) || failures > triesWithoutProgress) throw error;
        await wait(waitAfter(backOff, failures));
      }
    }
    await file.sync();
    await file.close();
    await rename(part, local);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(part, { force: true });
    throw error;
  }
  progress?.end();
  return done;
};
