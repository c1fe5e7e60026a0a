import { describe, expect, it } from 'vitest';
import { maxTerminalSettingsBytes, TerminalSettings } from './preferences.ts';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const accepts = (settings: unknown): boolean => TerminalSettings.safeParse(settings).success;

describe('the settings of the terminal', () => {
  it('are nested 32 levels deep at most, and the depth of a body of 64 KiB is refused as such', () => {
    expect(accepts({ a: nested(31) })).toBe(true);
    for (const levels of [32, 3000, 32_000]) {
      const { error } = TerminalSettings.safeParse({ a: nested(levels), b: { c: 1 } });
      expect(error?.issues.map(({ message }) => message)).toEqual(['must be nested 32 levels deep at most']);
    }
  });

  it('are 8 KiB of JSON at most, counted in bytes of UTF-8', () => {
    const room = maxTerminalSettingsBytes - JSON.stringify({ a: '' }).length;
    expect(accepts({ a: 'x'.repeat(room) })).toBe(true);
    expect(accepts({ a: 'x'.repeat(room + 1) })).toBe(false);
    expect(accepts({ a: 'ä'.repeat(room / 2 + 1) })).toBe(false);
  });

  it('have the names of settings', () => {
    for (const name of ['$where', 'a.b', '', 'x'.repeat(41), 'a\u0000'])
      expect(accepts(JSON.parse(JSON.stringify({ x: 1 }).replace('"x"', JSON.stringify(name)))), name).toBe(false);
    const { data } = TerminalSettings.safeParse(JSON.parse('{ "__proto__": { "a": 1 }, "b": 2 }'));
    expect(Object.entries(data ?? {})).toEqual([['b', 2]]);
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
  });
});
