import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldName, nameKey, sortedByName } from './name-order.ts';

/** Compares bytes, as the database does. */
const compare = (one: string, other: string): number => Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other)));
const sorted = (names: string[]): string[] => [...names].sort((one, other) => compare(nameKey(one), nameKey(other)));

describe('the order of names', () => {
  it.each([
    [
      ['node10', 'node2', 'Node1'],
      ['Node1', 'node2', 'node10'],
    ],
    [
      ['beta', 'Zeta', 'alpha', 'Alpha 2', 'alpha 10'],
      ['alpha', 'Alpha 2', 'alpha 10', 'beta', 'Zeta'],
    ],
    [
      ['zoo', 'émile', 'Emil', 'ÉMILF', 'food'],
      ['Emil', 'émile', 'ÉMILF', 'food', 'zoo'],
    ],
    [
      ['web10.eu', 'web2.us', 'web02.eu', 'web', 'web-1'],
      ['web', 'web-1', 'web02.eu', 'web2.us', 'web10.eu'],
    ],
    [
      ['йод', 'инк', 'кит', 'zoo'],
      ['zoo', 'инк', 'йод', 'кит'],
    ],
    [
      ['v9'.padEnd(64, '9'), 'v1'.padEnd(64, '0'), 'v2'],
      ['v2', 'v1'.padEnd(64, '0'), 'v9'.padEnd(64, '9')],
    ],
  ])('of %j is %j', (names, expected) => {
    expect(sorted(names)).toEqual(expected);
  });

  it('equals that of Intl.Collator with numeric order, for all ASCII names', () => {
    const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
    const part = fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 4 }),
      fc.constantFrom('web', 'WEB', '0', '10'),
    );
    const name = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(name, name, (one, other) => {
        const order = Math.sign(collator.compare(one, other));
        if (order !== 0) expect(compare(nameKey(one), nameKey(other))).toBe(order);
        else expect(nameKey(one).split('\u0001')[0]).toBe(nameKey(other).split('\u0001')[0]);
      }),
      { numRuns: 5000 },
    );
  });

  it('makes names equal if and only if their folded forms are equal', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 12 });
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(nameKey(one) === nameKey(other)).toBe(foldName(one) === foldName(other));
        expect(nameKey(one.toUpperCase())).toBe(nameKey(one));
      }),
    );
  });
});

describe('a folded name', () => {
  it('is the same for ẞ, ß and ss', () => {
    expect(['GROẞ', 'groß', 'GROSS'].map(foldName)).toEqual(['gross', 'gross', 'gross']);
  });

  it('folds to itself, for every character', () => {
    const changed: string[] = [];
    for (let code = 0; code <= 0x10ffff; code += 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const folded = foldName(String.fromCodePoint(code));
      if (foldName(folded) !== folded) changed.push(code.toString(16));
    }
    expect(changed).toEqual([]);
  });
});

it('sorts rows by their names, and leaves equal ones in their order', () => {
  const rows = ['node10', 'Bob', 'node2', 'ann', 'node10'].map((name, at) => ({ name, at }));
  expect(sortedByName(rows, ({ name }) => name).map(({ name, at }) => `${name} ${at}`)).toEqual([
    'ann 3',
    'Bob 1',
    'node2 2',
    'node10 0',
    'node10 4',
  ]);
});
