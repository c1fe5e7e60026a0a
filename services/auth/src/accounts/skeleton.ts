import confusables from './confusables.json' with { type: 'json' };

/** Each character that looks like another one, or like several, and those. The data: scripts/confusables.ts, docs/adr/0023. */
const prototypes = new Map(
  Object.entries(confusables).flatMap(([prototype, characters]) =>
    [...characters].map((character) => [character, prototype] as const),
  ),
);

/**
 * The skeleton of UTS 39 (Unicode Security Mechanisms, section 4): equal for texts that look alike. White space counts once, as a
 * page shows it. Not for people to read.
 */
export const skeleton = (text: string): string =>
  [...text.normalize('NFD').replace(/\p{Default_Ignorable_Code_Point}/gu, '')]
    .map((character) => prototypes.get(character) ?? character)
    .join('')
    .normalize('NFD')
    .replace(/\s+/gu, ' ');
