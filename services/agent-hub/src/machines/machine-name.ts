import { plainText } from '@webxterm/contracts/text';
import { foldName, nameKey } from '@webxterm/shared';

/** Characters. */
export const maxMachineName = 64;

/** Of what an agent calls its machine. */
const maxRead = 1024;

/** What a machine is called at first: what its agent says, cleaned; its host name; else "machine". */
export const cleanMachineName = (...candidates: readonly string[]): string => {
  for (const candidate of candidates) {
    const name = plainText(candidate.slice(0, maxRead).normalize('NFKC'), maxMachineName);
    if (name !== '') return name;
  }
  return 'machine';
};

/** A name as it is stored: with what it is ordered by, and what makes it the same as another one of its owner. */
export const storedName = (name: string): { name: string; name_key: string; name_folded: string } => ({
  name,
  name_key: nameKey(name),
  name_folded: foldName(name),
});

/** The n-th try to find a name that the owner has not given yet: `box`, `box-2`, `box-3` … */
export const numberedName = (name: string, attempt: number): string => {
  if (attempt <= 1) return name;
  const suffix = `-${attempt}`;
  return `${shorten(name, maxMachineName - suffix.length)}${suffix}`;
};

const shorten = (text: string, length: number): string => [...text].slice(0, length).join('').trim();
