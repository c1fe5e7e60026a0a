import { closeSync, type Dir } from 'node:fs';

/** Open files and folders of a session. */
const maxHandles = 256;

export type OpenFile = {
  kind: 'file';
  fd: number;
  path: Buffer;
  append: boolean;
  /** Bytes in both directions. Undefined: it was not opened for that. */
  read: number | undefined;
  written: number | undefined;
};
export type OpenFolder = { kind: 'folder'; dir: Dir; path: Buffer };
export type Handle = OpenFile | OpenFolder;

/** The open handles, by the name that the client has. */
export class Handles {
  readonly #open = new Map<number, Handle>();
  #last = 0;

  get isFull(): boolean {
    return this.#open.size >= maxHandles;
  }

  add(handle: Handle): Buffer {
    this.#last = (this.#last + 1) >>> 0;
    this.#open.set(this.#last, handle);
    const name = Buffer.alloc(4);
    name.writeUInt32BE(this.#last);
    return name;
  }

  find(name: Buffer): Handle | undefined {
    return name.length === 4 ? this.#open.get(name.readUInt32BE()) : undefined;
  }

  close(name: Buffer): Handle | undefined {
    const handle = this.find(name);
    if (handle === undefined) return undefined;
    this.#open.delete(name.readUInt32BE());
    if (handle.kind === 'file') closeSync(handle.fd);
    else handle.dir.closeSync();
    return handle;
  }

  all(): Handle[] {
    return [...this.#open.values()];
  }
}
