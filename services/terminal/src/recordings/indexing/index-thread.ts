import { Worker } from 'node:worker_threads';
import type { FromIndexWorker, IndexJob, ToIndexWorker } from './messages.ts';

/** Limits of the thread that draws a recording. */
const maxHeapMib = 256;
/** A chunk takes some ms. With a low priority on a busy computer it waits for long. */
const stuckMs = 120_000;

/** The thread that draws one recording for its index, apart from the one that serves terminals. */
export class IndexThread {
  readonly #worker: Worker;
  #answered: (answer: FromIndexWorker) => void = () => {};
  #failed: (error: Error) => void = () => {};
  #error: Error | undefined;

  constructor(job: IndexJob) {
    this.#worker = new Worker(new URL('./index-worker.ts', import.meta.url), {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMib },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: FromIndexWorker) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread of an index has ended')));
  }

  /** Sends the next message and waits for its answer. One at a time. @throws Error if the thread failed, ended or is stuck */
  async next(message: ToIndexWorker): Promise<FromIndexWorker> {
    if (this.#error !== undefined) throw this.#error;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<FromIndexWorker>((resolve, reject) => {
        this.#answered = resolve;
        this.#failed = reject;
        timer = setTimeout(() => this.#fail(new Error('a chunk is drawn for too long')), stuckMs);
        timer.unref();
        this.#worker.postMessage(message, message.kind === 'chunk' ? [message.plain.buffer] : []);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async end(): Promise<void> {
    this.#fail(new Error('the index was given up'));
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#failed(this.#error);
  }
}
