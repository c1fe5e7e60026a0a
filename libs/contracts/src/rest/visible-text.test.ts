import { describe, expect, it } from 'vitest';
import { Username } from './accounts.ts';
import { MachineName, MachineTag } from './machine-labels.ts';

/** Invisible code points of each kind: control, format, fillers, joiners, variation selectors, private use, unassigned. */
const invisible = [
  ...[0x00, 0x7f, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180b, 0x180e, 0x180f, 0x200b, 0x200d, 0x200e],
  ...[0x2028, 0x2029, 0x202e, 0x2060, 0x2065, 0x2066, 0x206f, 0x2800, 0x3164, 0xd800, 0xe000, 0xfe00, 0xfe0e, 0xfe0f],
  ...[0xfeff, 0xffa0, 0xfff9, 0x1bca0, 0x1d173, 0xe0001, 0xe0041, 0xe0100, 0xe01ef, 0xf0000, 0x10ffff],
];

describe.each([
  ['username', Username],
  ['machine name', MachineName],
  ['machine tag', MachineTag],
])('a %s', (_what, schema) => {
  it('has no invisible character, alone or among letters', () => {
    for (const codePoint of invisible) {
      const character = String.fromCodePoint(codePoint);
      for (const name of [`ad${character}min`, `a${character}${character}d`, character])
        expect([codePoint.toString(16), schema.safeParse(name).success]).toEqual([codePoint.toString(16), false]);
    }
  });

  it('has no default-ignorable code point of all that there are', () => {
    const accepted: string[] = [];
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
      const character = String.fromCodePoint(codePoint);
      if (/\p{Default_Ignorable_Code_Point}/u.test(character) && schema.safeParse(`ad${character}min`).success)
        accepted.push(codePoint.toString(16));
    }
    expect(accepted).toEqual([]);
  });

  it.each([
    'Ada Lovelace',
    "Seán O'Brien-Müller",
    'Straße 7',
    'Ελένη Παπαδοπούλου',
    'Иван Ёлкин (Ivan)',
    'محمد علي',
    'שָׁלוֹם',
    '山田 太郎 Taro',
    '김철수 Kim',
    'हिन्दी नाम',
    'Işık İğdır',
    'Nguyễn Thị Ánh',
    'ไทย สมชาย',
    'web-01.example:8080 #3',
    '🦊 fox ❤️ 1️⃣',
  ])('may be %j', (name) => {
    expect(schema.parse(name)).toBe(name.normalize('NFKC'));
  });
});
