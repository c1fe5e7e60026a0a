import { Worker } from 'node:worker_threads';
import { AppError } from '@webxterm/shared';
import { BoundedWork } from '../passwords/bounded-work.ts';
import { pictureSize } from './picture-size.ts';

/** Decoded it takes four bytes a pixel: 16 MiB. */
export const maxPixels = 2048 * 2048;
/** A picture of the most pixels takes a quarter of it on one slow core. */
const deadlineMs = 5000;
const maxWaiting = 8;

/** What the worker is given, and what it posts. */
export interface RedrawJob {
  readonly file: Uint8Array;
  readonly width: number;
  readonly height: number;
}
export type Redrawn = Uint8Array;

const notAPicture = (message: string): AppError =>
  new AppError('invalid_input', `The picture cannot be used: it ${message}.`, {
    details: [{ path: 'avatar_url', message }],
  });

/**
 * Draws uploaded pictures anew, small and square, so that nothing that was in the file but its pixels survives. A decoder is what
 * hostile files are made for: it is WebAssembly, in a thread of its own that lives for one picture and is ended when it takes too long.
 */
export class Redraw {
  readonly #work = new BoundedWork(1, maxWaiting, 'Too many pictures are put up at this moment. Try again shortly.');

  /** @returns a PNG. @throws AppError invalid_input for what is no picture; unavailable when too many wait */
  async png(file: Buffer): Promise<Buffer> {
    const size = pictureSize(file);
    if (size === undefined) throw notAPicture('must be a PNG, JPEG or WebP picture');
    const { width, height } = size;
    if (width < 1 || height < 1 || width * height > maxPixels)
      throw notAPicture('must have 2048 x 2048 pixels or fewer');
    const redrawn = await this.#work.run(() => inWorker({ file, width, height }));
    if (redrawn === undefined) throw notAPicture('must be a picture that is whole');
    return Buffer.from(redrawn);
  }
}

/** Undefined: the decoder refused it, broke on it or did not come to an end. */
const inWorker = (job: RedrawJob): Promise<Redrawn | undefined> =>
  new Promise((resolve) => {
    const worker = new Worker(new URL('./redraw-worker.ts', import.meta.url), { workerData: job, stderr: true });
    const timer = setTimeout(() => end(undefined), deadlineMs);
    const end = (redrawn: Redrawn | undefined): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(redrawn);
    };
    worker.once('message', (redrawn: Redrawn) => end(redrawn));
    worker.once('error', () => end(undefined));
    worker.once('exit', () => end(undefined));
  });
