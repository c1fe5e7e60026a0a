import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { keepValue, readKept } from './kept-values.ts';

const Schema = z.object({ size: z.number() });
const key = 'webxterm.test';

describe('values that a browser keeps', () => {
  it('are read as they were kept', () => {
    const kept = new Map<string, string>();
    expect(keepValue({ setItem: (name, text) => void kept.set(name, text) }, key, { size: 3 })).toBe(true);
    expect(readKept({ getItem: (name) => kept.get(name) ?? null }, key, Schema)).toEqual({ size: 3 });
  });

  it.each([[null], ['not json'], ['{"size":"3"}'], ['']])('are missing for %j in the storage', (text) => {
    expect(readKept({ getItem: () => text }, key, Schema)).toBeUndefined();
  });

  it('are not kept by a blocked or full storage, which the caller learns', () => {
    const full = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    expect(keepValue({ setItem: full }, key, 1)).toBe(false);
    expect(keepValue(undefined, key, 1)).toBe(false);
    expect(readKept(undefined, key, Schema)).toBeUndefined();
  });
});
