import confusables from './confusables.json' with { type: 'json' };

/** Maps each confusable character to the character or characters that it looks like. The data: scripts/confusables.ts, docs/adr/0023. */
const prototypes = new Map(
  Object.entries(confusables).flatMap(([prototype, characters]) =>
    [...characters].map((character) => [character, prototype] as const),
  ),
);

/**
 * The skeleton of UTS 39 (Unicode Security Mechanisms, section 4): equal for texts that look alike. A run of white space counts as one
 * space, as a page displays it. Not for display.
 */
export const skeleton = (text: string): string =>
  [...text.normalize('NFD').replace(/\p{Default_Ignorable_Code_Point}/gu, '')]
    .map((character) => prototypes.get(character) ?? character)
    .join('')
    .normalize('NFD')
    .replace(/\s+/gu, ' ');
