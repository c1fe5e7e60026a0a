import { joinPath } from '@webxterm/contracts/file-paths';
import { ApiError } from '@webxterm/rest-client';
import type { UploadOptions } from '../api/file-calls.ts';
import { nameOnMachine } from './file-names.ts';

/** Uploads that run at a time. A machine starts a process for each. */
const maxRunning = 3;

/** `asking`: there is such a file, and the user decides whether it is replaced. */
export type UploadState = 'asking' | 'waiting' | 'running' | 'done' | 'failed';

/** One upload as it is shown. */
export interface Upload {
  readonly id: number;
  /** As in paths. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  /** Bytes that were sent. */
  readonly sent: number;
  readonly state: UploadState;
  readonly error: Error | undefined;
}

interface Job {
  upload: Upload;
  readonly file: Blob;
  readonly target: Pick<UploadTarget, 'send' | 'onDone'>;
  replace: boolean;
  readonly cancel: AbortController;
}

/** Where files go. */
export interface UploadTarget {
  readonly folder: string;
  /** The names that the folder has, as far as known. */
  readonly taken: ReadonlySet<string>;
  readonly send: (path: string, file: Blob, options: UploadOptions) => Promise<void>;
  /** A file has arrived. */
  readonly onDone: () => void;
}

/** The uploads of a page: three at a time, in their order. */
export class UploadQueue {
  readonly #jobs = new Map<number, Job>();
  readonly #listeners = new Set<() => void>();
  #shown: readonly Upload[] = [];
  #lastId = 0;

  get uploads(): readonly Upload[] {
    return this.#shown;
  }

  /** Whether an upload runs or waits. */
  get isBusy(): boolean {
    return this.#shown.some(({ state }) => state === 'running' || state === 'waiting');
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add(files: readonly File[], target: UploadTarget): void {
    for (const file of files) {
      this.#lastId += 1;
      const name = nameOnMachine(file.name);
      const state = target.taken.has(name) ? 'asking' : 'waiting';
      const path = joinPath(target.folder, name);
      const upload: Upload = { id: this.#lastId, name, path, size: file.size, sent: 0, state, error: undefined };
      this.#jobs.set(upload.id, { upload, file, target, replace: false, cancel: new AbortController() });
    }
    this.#changed();
  }

  /** Replaces the file that is there. */
  replace(id: number): void {
    const job = this.#jobs.get(id);
    if (job?.upload.state !== 'asking') return;
    job.replace = true;
    this.#set(job, { state: 'waiting' });
  }

  /** Tries a failed upload again. */
  retry(id: number): void {
    const job = this.#jobs.get(id);
    if (job?.upload.state === 'failed') this.#set(job, { state: 'waiting', sent: 0, error: undefined });
  }

  /** Ends an upload, or takes it from the list. Nothing of it stays on the machine. */
  remove(id: number): void {
    this.#jobs.get(id)?.cancel.abort();
    this.#jobs.delete(id);
    this.#changed();
  }

  /** Takes the uploads that are done from the list. */
  removeDone(): void {
    for (const [id, { upload }] of this.#jobs) if (upload.state === 'done') this.#jobs.delete(id);
    this.#changed();
  }

  removeAll(): void {
    for (const { cancel } of this.#jobs.values()) cancel.abort();
    this.#jobs.clear();
    this.#changed();
  }

  #set(job: Job, change: Partial<Upload>): void {
    job.upload = { ...job.upload, ...change };
    this.#changed();
  }

  #changed(): void {
    const all = [...this.#jobs.values()];
    let running = all.filter(({ upload }) => upload.state === 'running').length;
    for (const job of all) {
      if (running >= maxRunning) break;
      if (job.upload.state !== 'waiting') continue;
      running += 1;
      job.upload = { ...job.upload, state: 'running' };
      void this.#run(job);
    }
    this.#shown = all.map(({ upload }) => upload);
    for (const listener of this.#listeners) listener();
  }

  async #run(job: Job): Promise<void> {
    const { file, target, replace, cancel } = job;
    const { path } = job.upload;
    try {
      const onProgress = (sent: number): void => {
        if (this.#jobs.has(job.upload.id)) this.#set(job, { sent });
      };
      await target.send(path, file, { replace, onProgress, signal: cancel.signal });
      this.#set(job, { state: 'done', sent: file.size });
      target.onDone();
    } catch (error) {
      if (cancel.signal.aborted) return;
      if (error instanceof ApiError && error.code === 'file_exists') this.#set(job, { state: 'asking', sent: 0 });
      else this.#set(job, { state: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
}
