/** The part of the API that this project uses. */
declare module 'tar-stream' {
  import type { Readable, Writable } from 'node:stream';

  interface Header {
    name: string;
    type?: 'file' | 'directory' | 'symlink' | 'link' | null;
    mode?: number;
    uid?: number;
    gid?: number;
    /** bytes */
    size?: number;
    mtime?: Date;
  }
  type Entry = Readable & { header: Header };

  interface Pack extends Readable {
    entry(header: Header, content: Buffer): Writable;
    finalize(): void;
  }
  interface Extract extends Writable, AsyncIterable<Entry> {
    on(event: 'entry', listener: (header: Header, stream: Readable, next: (error?: unknown) => void) => void): this;
    on(event: string | symbol, listener: (...args: unknown[]) => void): this;
  }
  function pack(): Pack;
  function extract(): Extract;
}
