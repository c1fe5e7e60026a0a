import { z } from 'zod';
import { platforms } from './pinned-packages.ts';

/** Record of a built archive. A file `<archive>.json` beside the archive contains it. */
export const BuiltPackage = z.object({
  platform: z.enum(platforms),
  version: z.string(),
  /** File name of the archive. */
  file: z.string(),
  /** bytes */
  size: z.number().int(),
  /** Sum of the sizes of its files, bytes. */
  unpacked: z.number().int(),
  sha256: z.string(),
  /** files.json: the gzip member of the archive that has it, in bytes, and its hash. */
  list: z.object({ offset: z.number().int(), length: z.number().int(), sha256: z.string() }),
});
export type BuiltPackage = z.output<typeof BuiltPackage>;
