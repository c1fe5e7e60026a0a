/**
 * What shows nothing, or changes how the text beside it is shown: control, format (bidi, zero width), private-use and unassigned code
 * points, lone surrogates, line separators, default-ignorable code points (such as U+115F), and the Braille pattern without dots.
 */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** More combining marks than any writing needs on one letter: they cover the lines above and below. */
const piledMarks = /(\p{M}{4})\p{M}+/gu;
/** Code units that are looked at for each code point that is kept: the rest of a huge text costs nothing. */
const readPerKept = 16;

const shown = (line: string): string => line.replace(unseen, '').normalize('NFC').replace(piledMarks, '$1');

/**
 * Text from outside (an agent, a machine) as one line that looks like what it is: at most `max` code points, without white space at
 * its ends. What is plain text already comes back as it is.
 */
export const plainText = (text: string, max: number): string => {
  const line = shown(text.slice(0, max * readPerKept).replace(/\s/gu, ' ')).trim();
  return [...line].slice(0, max).join('').trim();
};

/** U+FE0F where it asks for the coloured picture: after a pictograph, and in a keycap. Keyboards type it. */
const emojiStyle = /(?<=\p{Extended_Pictographic})\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3)/gu;

/** Whether all of it is seen, as it is: plainText would take nothing away. The styles of emoji do not count. */
export const isPlainText = (text: string): boolean => {
  const bare = text.replace(emojiStyle, '');
  return plainText(bare, text.length) === bare;
};

/** The same with its line breaks and the blanks that its lines begin with: at most `max` code units. */
export const plainLines = (text: string, max: number): string =>
  text
    .slice(0, max)
    .split(/\r?\n/)
    .map((line) => shown(line.replace(/\s/gu, ' ')))
    .join('\n')
    .slice(0, max)
    .trimEnd()
    .toWellFormed();
