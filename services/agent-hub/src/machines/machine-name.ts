import { plainText } from '@webxterm/contracts/text';
import { foldName, nameKey } from '@webxterm/shared';

/** Limit of characters in a machine name. */
export const maxMachineName = 64;

/** Characters of an agent's name that are read. */
const maxRead = 1024;

/** The first name of a machine: the first candidate that is not empty after cleaning, otherwise "machine". */
export const cleanMachineName = (...candidates: readonly string[]): string => {
  for (const candidate of candidates) {
    const name = plainText(candidate.slice(0, maxRead).normalize('NFKC'), maxMachineName);
    if (name !== '') return name;
  }
  return 'machine';
};

/** The stored fields of a name: the name, its sort key, and the folded form that is unique per owner. */
export const storedName = (name: string): { name: string; name_key: string; name_folded: string } => ({
  name,
  name_key: nameKey(name),
  name_folded: foldName(name),
});

/** The stored fields of tags: the tags without those that have the folded form of another one, and the folded forms for the search. */
export const storedTags = (tags: readonly string[]): { tags: string[]; tags_folded: string[] } => {
  const byFold = new Map(tags.toReversed().map((tag) => [foldName(tag), tag]));
  const kept = tags.filter((tag) => byFold.get(foldName(tag)) === tag);
  return { tags: [...new Set(kept)], tags_folded: [...new Set(kept.map(foldName))] };
};

/** The stored fields of a description: the text, and its folded form for the search. */
export const storedDescription = (description: string): { description: string; description_folded: string } => ({
  description,
  description_folded: foldName(description),
});

/** Limit of numbered names that are tried if the owner already uses the name. */
export const maxNameTries = 200;

/** The n-th candidate for a name that the owner does not use yet: `box`, `box-2`, `box-3` … */
export const numberedName = (name: string, attempt: number): string => {
  if (attempt <= 1) return name;
  const suffix = `-${attempt}`;
  return `${shorten(name, maxMachineName - suffix.length)}${suffix}`;
};

const shorten = (text: string, length: number): string => [...text].slice(0, length).join('').trim();
