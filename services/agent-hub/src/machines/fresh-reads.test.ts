import { describe, expect, it } from 'vitest';
import { FreshReads } from './fresh-reads.ts';

/** A store whose reads end when the test ends them, with the value from the start of the read. */
const slowStore = (): { value: string; reads: (() => void)[]; load: () => Promise<string> } => {
  const store = {
    value: 'old',
    reads: [] as (() => void)[],
    load: () => {
      const seen = store.value;
      return new Promise<string>((resolve) => store.reads.push(() => resolve(seen)));
    },
  };
  return store;
};

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('reads of one key at the same time', () => {
  it('are shared, and no result is older than its request', async () => {
    const reads = new FreshReads<string>();
    const store = slowStore();
    const first = reads.read('k', store.load);
    store.value = 'new';
    const later = Array.from({ length: 100 }, () => reads.read('k', store.load));
    expect(store.reads).toHaveLength(1);
    store.reads[0]?.();
    expect(await first).toBe('old');
    await settle();
    expect(store.reads).toHaveLength(2);
    store.reads[1]?.();
    expect(new Set(await Promise.all(later))).toEqual(new Set(['new']));
  });

  it('are not shared between keys, and a failure is not shared with later requests', async () => {
    const reads = new FreshReads<string>();
    const store = slowStore();
    const failing = reads.read('k', () => Promise.reject(new Error('down')));
    const next = reads.read('k', store.load);
    const other = reads.read('other', store.load);
    await expect(failing).rejects.toThrow('down');
    await settle();
    expect(store.reads).toHaveLength(2);
    for (const end of store.reads) end();
    expect(await Promise.all([next, other])).toEqual(['old', 'old']);
  });

  it('start again if none is running', async () => {
    const reads = new FreshReads<number>();
    let count = 0;
    const load = async (): Promise<number> => ++count;
    expect(await reads.read('k', load)).toBe(1);
    expect(await reads.read('k', load)).toBe(2);
  });
});
