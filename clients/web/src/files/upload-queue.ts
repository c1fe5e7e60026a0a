import { joinPath } from '@webxterm/contracts/file-paths';
import { ApiError } from '@webxterm/rest-client';
import type { UploadOptions } from '../api/file-calls.ts';
import { nameOnMachine } from './file-names.ts';
import type { LocalFile } from './local-files.ts';

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
  /** Undefined: only the folder is made. */
  readonly file: Blob | undefined;
  readonly target: Pick<UploadTarget, 'send' | 'onDone'>;
  /** Makes the folder that contains it. Undefined: it is there. */
  readonly prepare: () => Promise<void> | undefined;
  replace: boolean;
  readonly cancel: AbortController;
}

/** Where files go. */
export interface UploadTarget {
  readonly folder: string;
  /** The names that the folder has, as far as known. */
  readonly taken: ReadonlySet<string>;
  readonly makeFolder: (path: string) => Promise<void>;
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

  add(files: readonly LocalFile[], target: UploadTarget): void {
    const folders = new FolderMaker(target);
    for (const { file, folders: names } of files) {
      this.#lastId += 1;
      const inside = names.map(nameOnMachine);
      const folder = inside.reduce(joinPath, target.folder);
      const name = [...inside, ...(file === undefined ? [] : [nameOnMachine(file.name)])].join('/');
      const path = joinPath(target.folder, name);
      const state = inside.length === 0 && target.taken.has(name) ? 'asking' : 'waiting';
      const size = file?.size ?? 0;
      const upload: Upload = { id: this.#lastId, name, path, size, sent: 0, state, error: undefined };
      const prepare = (): Promise<void> | undefined => folders.make(folder);
      this.#jobs.set(upload.id, { upload, file, target, prepare, replace: false, cancel: new AbortController() });
    }
    this.#changed();
  }

  /** Replaces all files about which it asks. */
  replaceAll(): void {
    for (const { upload } of this.#jobs.values()) this.replace(upload.id);
  }

  /** Takes all uploads about which it asks from the list. */
  keepAll(): void {
    for (const [id, { upload }] of this.#jobs) if (upload.state === 'asking') this.#jobs.delete(id);
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
    const { file, target, prepare, replace, cancel } = job;
    const { path } = job.upload;
    try {
      const onProgress = (sent: number): void => {
        if (this.#jobs.has(job.upload.id)) this.#set(job, { sent });
      };
      const prepared = prepare();
      if (prepared !== undefined) await prepared;
      cancel.signal.throwIfAborted();
      if (file !== undefined) await target.send(path, file, { replace, onProgress, signal: cancel.signal });
      this.#set(job, { state: 'done', sent: file?.size ?? 0 });
      target.onDone();
    } catch (error) {
      if (cancel.signal.aborted) return;
      if (error instanceof ApiError && error.code === 'file_exists') this.#set(job, { state: 'asking', sent: 0 });
      else this.#set(job, { state: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
}

/** Makes each folder of a target once. One that is there already is taken as it is. */
class FolderMaker {
  readonly #made = new Map<string, Promise<void>>();
  readonly #target: Pick<UploadTarget, 'folder' | 'makeFolder'>;

  constructor(target: Pick<UploadTarget, 'folder' | 'makeFolder'>) {
    this.#target = target;
  }

  /** Undefined: the folder is the target itself. */
  make(path: string): Promise<void> | undefined {
    if (path === this.#target.folder) return undefined;
    const known = this.#made.get(path);
    if (known !== undefined) return known;
    const made = this.#make(path);
    this.#made.set(path, made);
    // A failed upload is tried again.
    made.catch(() => this.#made.delete(path));
    return made;
  }

  async #make(path: string): Promise<void> {
    await this.make(path.slice(0, Math.max(path.lastIndexOf('/'), this.#target.folder.length)));
    await this.#target.makeFolder(path).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'file_exists')) throw error;
    });
  }
}
