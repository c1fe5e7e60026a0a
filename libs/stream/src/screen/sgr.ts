import type { Style } from './core-state.ts';

const colour = (base: 38 | 48, rgb: unknown, palette: unknown, value: number): string[] => {
  if (rgb) return [`${base};2;${(value >>> 16) & 0xff};${(value >>> 8) & 0xff};${value & 0xff}`];
  return palette ? [`${base};5;${value}`] : [];
};

/** The sequence `ESC [ … m` that sets this style, independent of the previous one. */
export const sgr = (style: Style): string => {
  const flags: readonly (readonly [unknown, string])[] = [
    [style.isBold(), '1'],
    [style.isDim(), '2'],
    [style.isItalic(), '3'],
    [style.isUnderline(), `4:${style.getUnderlineStyle() || 1}`],
    [style.isBlink(), '5'],
    [style.isInverse(), '7'],
    [style.isInvisible(), '8'],
    [style.isStrikethrough(), '9'],
    [style.isOverline(), '53'],
  ];
  const set = flags.filter(([on]) => on).map(([, code]) => code);
  const fg = colour(38, style.isFgRGB(), style.isFgPalette(), style.getFgColor());
  const bg = colour(48, style.isBgRGB(), style.isBgPalette(), style.getBgColor());
  return `\x1b[${['0', ...set, ...fg, ...bg].join(';')}m`;
};

export const plain = '\x1b[0m';
