import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNestedWithin, parseJson } from './json.ts';

describe('a text that may be JSON', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each(['', '{', 'undefined', "{'a':1}", '1 2', '\u0000'])('that is %j has no value', (text) => {
    expect(parseJson(text)).toBeUndefined();
  });
});

describe('the depth of a value of JSON', () => {
  it.each([
    ['a text', 'a', 0],
    ['nothing', null, 0],
    ['an empty array', [], 1],
    ['an object in an array beside a text', ['a', { b: null }], 2],
    ['the deepest of several', [[], [[{}]], {}], 4],
  ])('is counted: %s', (_, value, depth) => {
    expect(isNestedWithin(value, depth)).toBe(true);
    expect(isNestedWithin(value, depth - 1)).toBe(false);
  });

  it('is found where JSON.stringify has no stack left', () => {
    const deep = JSON.parse('['.repeat(32_000) + ']'.repeat(32_000));
    expect(() => JSON.stringify(deep)).toThrow(RangeError);
    expect(isNestedWithin(deep, 31_999)).toBe(false);
    expect(isNestedWithin(deep, 32_000)).toBe(true);
  });
});
