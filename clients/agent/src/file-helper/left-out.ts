import { textOfPath } from '@webxterm/contracts/file-paths';
import { FileFailure } from './failure.ts';
import { isPseudo } from './folder.ts';
import { namesOf } from './list.ts';

/** Sentences that are kept. The others are counted. */
const maxReasons = 20;

/** The entries of a folder that are left out, with the reasons. */
export class LeftOut {
  readonly reasons: string[] = [];
  count = 0;

  add(reason: string): void {
    this.count += 1;
    if (this.reasons.length < maxReasons) this.reasons.push(reason);
  }
}

/** @throws FileFailure if the folder is of a file system such as /proc */
export const requireData = async (base: Buffer, shown: Buffer): Promise<void> => {
  if (await isPseudo(base))
    throw new FileFailure('not_a_file', `${textOfPath(shown)} is of a file system of the kernel, which holds no data.`);
};

/** The names in an opened folder of a tree, in the order of their bytes. @throws FileFailure if the folder holds no data */
export const namesToTake = async (base: Buffer, shown: Buffer, leftOut: LeftOut): Promise<readonly Buffer[]> => {
  await requireData(base, shown);
  const { names, cut } = await namesOf(base);
  if (cut) leftOut.add(`${textOfPath(shown)} has more than ${names.length} entries: the others are left out.`);
  return names.sort(Buffer.compare);
};
