import { encodeDown } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { outputAfter } from './frame-peek.ts';

const peek = (...args: Parameters<typeof encodeDown>): number | undefined =>
  outputAfter(Buffer.from(encodeDown(...args)));

describe('outputAfter', () => {
  it('follows output, gaps and attaches, and nothing else', () => {
    expect(peek({ type: 'output', offset: 2 ** 40, payload: new Uint8Array(5) })).toBe(2 ** 40 + 5);
    expect(peek({ type: 'gap', from: 1, to: 2 ** 33 })).toBe(2 ** 33);
    const accepted = { created: true, driver: true, offset: 7, head: 9, liveFrom: 9, inputApplied: 3, inputLimit: 4 };
    expect(peek({ type: 'accepted', ...accepted, cols: 80, rows: 24 })).toBe(7);
    expect(peek({ type: 'input_ack', applied: 1, limit: 2 })).toBeUndefined();
    expect(outputAfter(Buffer.from([0x43, 0]))).toBeUndefined();
  });
});
