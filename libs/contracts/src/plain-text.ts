/**
 * Code points that are invisible or change how the text beside them is shown: control, format (bidi, zero width), private-use and
 * unassigned code points, lone surrogates, line separators, default-ignorable code points (such as U+115F), and the Braille pattern without
 * dots.
 */
const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** More combining marks than any script needs on one letter. They would cover the lines above and below. */
const piledMarks = /(\p{M}{4})\p{M}+/gu;
/** Code units that are examined for each code point of the result, so a huge text costs no more than a short one. */
const readPerKept = 16;

const shown = (line: string): string => line.replace(unseen, '').normalize('NFC').replace(piledMarks, '$1');

/**
 * Makes untrusted text (from an agent or a machine) one visible line of at most `max` code points, without leading or trailing white space.
 * Plain text is returned unchanged.
 */
export const plainText = (text: string, max: number): string => {
  const line = shown(text.slice(0, max * readPerKept).replace(/\s/gu, ' ')).trim();
  return [...line].slice(0, max).join('').trim();
};

/** U+FE0F as emoji style: after a pictograph, and in a keycap. Keyboards produce it. */
const emojiStyle = /(?<=\p{Extended_Pictographic})\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3)/gu;

/** Whether all of the text is visible, so that plainText would remove nothing. Emoji styles are allowed. */
export const isPlainText = (text: string): boolean => {
  const bare = text.replace(emojiStyle, '');
  return plainText(bare, text.length) === bare;
};

/** Like plainText, but keeps line breaks and the leading blanks of lines. At most `max` code units. */
export const plainLines = (text: string, max: number): string =>
  text
    .slice(0, max)
    .split(/\r?\n/)
    .map((line) => shown(line.replace(/\s/gu, ' ')))
    .join('\n')
    .slice(0, max)
    .trimEnd()
    .toWellFormed();
