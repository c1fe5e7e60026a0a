import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError, Failure } from '../failure.ts';
import { requestHost } from '../link/ask-host.ts';
import { Postponed, type Source } from './source.ts';

/** A connection that brings no byte for this time is given up. The next attempt continues where it ended. */
export const silentMs = 30_000;
const attempts = 5;

/** Bytes of a file on the server, and the local file that gets them. */
export type Range = {
  /** Below /agent/ on the server. */
  name: string;
  file: string;
  offset: number;
  length: number;
  /** Limit of the download, 0 for none. */
  bytesPerSecond: number;
};

/** The server, or a proxy in front of it, answers with the whole file. */
export class NoRanges extends Error {}

/** Bytes of a partial download, 0 without one. */
const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => ({ size: 0 }))).size;

/** Passes bytes on at most at this rate (0: no limit). @throws Error after more than `atMost` bytes */
const bounded = (atMost: number, bytesPerSecond: number) =>
  async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let left = atMost;
    for await (const chunk of chunks) {
      left -= chunk.length;
      if (left < 0) throw new Error('the server sent more than was asked for');
      if (bytesPerSecond > 0) await delay((chunk.length / bytesPerSecond) * 1000);
      yield chunk;
    }
  };

/** Appends the missing part. @throws Error if the connection fails */
const fetchRest = async ({ host, trust, proxy }: Source, range: Range): Promise<void> => {
  const { name, file, offset, length, bytesPerSecond } = range;
  const there = await sizeOf(file);
  const [from, to] = [offset + there, offset + length - 1];
  const headers = { range: `bytes=${from}-${to}` };
  const response = await requestHost(`${host}/agent/${name}`, { trust, proxy, silentMs, headers });
  const { statusCode: status } = response;
  const isThisRange = status === 206 && (response.headers['content-range'] ?? '').startsWith(`bytes ${from}-${to}/`);
  if (!isThisRange && !(status === 200 && from === 0)) {
    response.destroy();
    if (status === 200 || status === 206) throw new NoRanges(`${host} has no ranges`);
    throw new Postponed(`${host} answers ${status} for ${name}: the release may be in the middle of a change.`);
  }
  const end = createWriteStream(file, { flags: 'a', mode: 0o600 });
  await pipeline(response, bounded(length - there, bytesPerSecond), end);
};

/**
 * Fetches a range. An interrupted download continues, also in a later call.
 * @throws NoRanges; Postponed if the server does not send all of it now
 */
export const fetchRange = async (source: Source, range: Range): Promise<void> => {
  const { file, length } = range;
  let problem = '';
  for (let attempt = 1; attempt <= attempts && (await sizeOf(file)) < length; attempt += 1)
    await fetchRest(source, range).catch((error: unknown) => {
      if (error instanceof Failure || error instanceof NoRanges) throw error;
      problem = describeError(error);
    });
  const size = await sizeOf(file);
  if (size < length)
    throw new Postponed(
      `The download stopped after ${size} of ${length} bytes (${problem}). It goes on at the next update.`,
    );
};
