import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { listFile, type PackageContents, type PackedFile, type Part, sha256 } from './contents.ts';

const tarBlock = 512;
/** Two blocks of zeros end an archive. */
const endOfArchive = Buffer.alloc(2 * tarBlock);

/** Header and content of one file, without padding. */
const entryOf = async ({ path: name, mode, content }: PackedFile): Promise<{ header: Buffer; padding: Buffer }> => {
  const archive = pack();
  archive.entry({ name, mode, size: content.length, mtime: new Date(0), uid: 0, gid: 0 }, content);
  archive.finalize();
  const padding = Buffer.alloc((tarBlock - (content.length % tarBlock)) % tarBlock);
  const whole = await buffer(archive);
  const rest = content.length + padding.length + endOfArchive.length;
  return { header: whole.subarray(0, whole.length - rest), padding };
};

/**
 * Writes a reproducible .tar.gz: it depends only on paths, modes and contents. The content of each file is a gzip member of its own, and
 * files.json, the last file, says where. So an update fetches only the files that have changed.
 * @returns where files.json is, and its hash
 */
export const writeArchive = async (path: string, contents: PackageContents): Promise<Part & { sha256: string }> => {
  const file = await open(path, 'w', 0o644);
  try {
    let offset = 0;
    const put = async (bytes: Buffer): Promise<Part> => {
      const member = await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION });
      await file.write(member);
      const part = { offset, length: member.length };
      offset += member.length;
      return part;
    };
    let padding: Buffer = Buffer.alloc(0);
    const putFile = async (packed: PackedFile): Promise<Part> => {
      const entry = await entryOf(packed);
      await put(Buffer.concat([padding, entry.header]));
      padding = entry.padding;
      return put(packed.content);
    };
    const parts = new Map<string, Part>();
    for (const packed of contents.files) parts.set(packed.path, await putFile(packed));
    const list = listFile(contents, parts);
    const listPart = await putFile(list);
    await put(Buffer.concat([padding, endOfArchive]));
    return { ...listPart, sha256: sha256(list.content) };
  } finally {
    await file.close();
  }
};
