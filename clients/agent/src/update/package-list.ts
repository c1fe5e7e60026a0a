import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The list of a package's files (files.json). */
const PackageList = v.object({
  version: v.string(),
  platform: v.string(),
  files: v.pipe(
    v.array(
      v.object({
        path: v.pipe(v.string(), v.regex(/^(?!\/)(?!.*\.\.)[0-9A-Za-z._/-]{1,200}$/)),
        /** bytes */
        size: count,
        sha256: v.string(),
        mode: v.picklist(['0644', '0755']),
        /** Where the archive has its content, as a gzip member. Missing: packed by an older version. */
        part: v.optional(v.object({ offset: count, length: v.pipe(count, v.minValue(1)) })),
      }),
    ),
    v.maxLength(1000),
  ),
});
export type PackageList = v.InferOutput<typeof PackageList>;
export type ListedFile = PackageList['files'][number];

/** @throws Error if the text is not a list */
export const parsePackageList = (text: string): PackageList => v.parse(PackageList, JSON.parse(text));

export const readPackageList = async (folder: string): Promise<PackageList> =>
  parsePackageList(await readFile(path.join(folder, 'files.json'), 'utf8'));
