import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from './json.ts';

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
