import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** After this long without a response, the next source is tried. */
const answerWithinMs = 4000;
/** A download is aborted after this long without new data. */
const idleMs = 20_000;

/** Options of a download. */
export interface Fetching {
  /** Environment of the download programs: proxies and package indexes are settings of the user. */
  readonly environment: Readonly<Record<string, string>>;
  /** Aborts the download at any time. */
  readonly signal?: AbortSignal | undefined;
  /** Reports progress, one line at a time. */
  readonly say: (text: string) => void;
}

const controller = (signal: AbortSignal | undefined): AbortController => {
  const abort = new AbortController();
  signal?.addEventListener('abort', () => abort.abort(signal.reason), { signal: abort.signal });
  return abort;
};

const request = async (url: string, abort: AbortController): Promise<Response> => {
  const timer = setTimeout(() => abort.abort(new Error(`no answer within ${answerWithinMs / 1000} s`)), answerWithinMs);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    return response;
  } catch (error) {
    throw new Error(`${new URL(url).hostname} cannot be reached`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
};

/** Fetches a small text, such as a list of checksums. */
export const fetchText = async (url: string, signal?: AbortSignal): Promise<string> => {
  const abort = controller(signal);
  const response = await request(url, abort);
  const timer = setTimeout(() => abort.abort(new Error('stood still')), idleMs);
  try {
    return await response.text();
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Downloads to `path` and checks the content.
 * @throws Error if the URL is unreachable, the download stalls, or the SHA-256 (hex) differs
 */
export const fetchFile = async (
  url: string,
  path: string,
  sha256: string,
  signal: AbortSignal | undefined,
  onProgress: (received: number, total: number | undefined) => void,
): Promise<void> => {
  const abort = controller(signal);
  const response = await request(url, abort);
  if (response.body === null) throw new Error(`${url} answered nothing`);
  const length = Number(response.headers.get('content-length'));
  const total = Number.isFinite(length) && length > 0 ? length : undefined;
  const hash = createHash('sha256');
  let received = 0;
  let idle = setTimeout(() => {}, 0);
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      clearTimeout(idle);
      idle = setTimeout(() => abort.abort(new Error(`stood still for ${idleMs / 1000} s`)), idleMs);
      hash.update(chunk);
      received += chunk.length;
      onProgress(received, total);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(path, { mode: 0o600 }));
  } finally {
    clearTimeout(idle);
  }
  const actual = hash.digest('hex');
  if (actual !== sha256) throw new Error(`${url} has the checksum ${actual} instead of ${sha256}: not used`);
};
