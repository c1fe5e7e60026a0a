import { Worker } from 'node:worker_threads';
import { AppError } from '@webxterm/shared';
import { BoundedWork } from '../passwords/bounded-work.ts';
import { pictureSize } from './picture-size.ts';

/** The largest picture in pixels. Decoded it takes four bytes a pixel: 16 MiB. */
export const maxPixels = 2048 * 2048;
/** Time limit in ms. The largest picture takes a quarter of it on one slow core. */
const deadlineMs = 5000;
const maxWaiting = 8;

/** The input of the worker. */
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
 * Redraws uploaded pictures, small and square, so that only the pixels of the file remain. Hostile files target the decoder, so it is
 * WebAssembly in a thread of its own, which processes one picture and is terminated when it takes too long.
 */
export class Redraw {
  readonly #work = new BoundedWork(1, maxWaiting, 'Too many pictures are being processed. Try again shortly.');

  /** @returns a PNG. @throws AppError invalid_input for a file that is not a picture; unavailable when too many wait */
  async png(file: Buffer): Promise<Buffer> {
    const size = pictureSize(file);
    if (size === undefined) throw notAPicture('must be a PNG, JPEG or WebP picture');
    const { width, height } = size;
    if (width < 1 || height < 1 || width * height > maxPixels)
      throw notAPicture('must have 2048 x 2048 pixels or fewer');
    const redrawn = await this.#work.run(() => inWorker({ file, width, height }));
    if (redrawn === undefined) throw notAPicture('must be a complete picture');
    return Buffer.from(redrawn);
  }
}

/** Undefined: the decoder rejected the file, crashed or took too long. */
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
