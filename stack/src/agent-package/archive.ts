import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { PackedFile } from './contents.ts';

/** Writes a reproducible .tar.gz: it depends only on paths, modes and contents. */
export const writeArchive = async (path: string, files: readonly PackedFile[]): Promise<void> => {
  const archive = pack();
  for (const { path: name, mode, content } of files)
    archive.entry({ name, mode, size: content.length, mtime: new Date(0), uid: 0, gid: 0 }, content);
  archive.finalize();
  await pipeline(archive, createGzip({ level: constants.Z_BEST_COMPRESSION }), createWriteStream(path));
};
