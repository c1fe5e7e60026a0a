import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldEmail, foldUsername, usernameSkeletons } from './names.ts';

describe('names', () => {
  it.each([
    ['JohnDoe', 'johndoe'],
    ['STRASSE', 'straße'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['ｊｏｈｎ', 'john'],
    ['Ⅷ', 'viii'],
    ['Å', 'å'],
  ])('%s and %s are one username', (one, other) => {
    expect(foldUsername(one)).toBe(foldUsername(other));
  });

  it('are folded once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const folded = foldUsername(name);
        expect(foldUsername(folded)).toBe(folded);
      }),
    );
  });

  it('John@Example.COM is john@example.com', () => {
    expect(foldEmail('John@Example.COM')).toBe('john@example.com');
  });
});

/** Whether the second name is rejected while the first exists. */
const alike = (one: string, other: string): boolean =>
  usernameSkeletons(one).some((skeleton) => usernameSkeletons(other).includes(skeleton));

describe('names that look alike', () => {
  it.each([
    ['admin', 'аdmin'],
    ['admin', 'аdmіn'],
    ['admin', 'АDMIN'],
    ['Admin', 'αdmιn'],
    ['admin', 'adrnin'],
    ['admin', 'ad\u115fmin'],
    ['admin', 'ad\ufe0fmin'],
    ['admin', 'ａｄｍｉｎ'],
    ['root', 'rооt'],
    ['BOB', 'ВОВ'],
    ['bob', 'ВОВ'],
    ['Ivan', 'lvan'],
    ['user1', 'userl'],
    ['USER0', 'userO'],
    ['Иван', 'Ивaн'],
    ['Ada Lovelace', 'Ada  Lovelace'],
    ['❤', '❤️'],
  ])('%j and %j are the same', (one, other) => {
    expect(alike(one, other)).toBe(true);
  });

  it('are few: names of every script stay distinct', () => {
    const people = [
      ...['Anna', 'Anne', 'Hanna', 'Jörg', 'Jorg', 'Straße', 'Işık', 'Isak', 'Ilya', 'Илья', 'Иван', 'Ivan', 'Ирина'],
      ...[
        'Ελένη',
        'Eleni',
        'Ἑλένη',
        'محمد',
        'أحمد',
        'احمد',
        'שלום',
        '山田',
        '山本',
        '김철수',
        '金',
        'हिन्दी',
        'ไทย',
        'Ngọc',
        'Ngoc',
      ],
      ...['agent2', 'agent3', 'agent 23', 'ops', 'ops-eu', 'ops_eu', 'ops.eu', '🦊', '🐺', 'C++', 'C#'],
    ];
    const pairs = people.flatMap((one, index) => people.slice(index + 1).map((other) => [one, other] as const));
    expect(pairs.filter(([one, other]) => alike(one, other))).toEqual([]);
  });

  it('include all names that differ in case only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(alike(name, foldUsername(name))).toBe(true);
        expect(alike(name, name.normalize('NFD'))).toBe(true);
      }),
    );
  });
});
