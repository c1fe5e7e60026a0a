import { type DownFrame, encodeDown } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { eventsOf } from './recorded-events.ts';
import { chunkOf } from './testing/chunk-of.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const output = (offset: number, value: string): DownFrame => ({ type: 'output', offset, payload: text(value) });

describe('the events of a chunk', () => {
  it('have the times of their bytes, and begin at the time of the chunk', () => {
    const chunk = chunkOf(
      { type: 'size', offset: 10, cols: 100, rows: 30 },
      {
        type: 'times',
        marks: [
          { offset: 10, ms: 500 },
          { offset: 13, ms: 700 },
        ],
      },
      output(10, 'abcdef'),
      { type: 'gap', from: 16, to: 26 },
      output(26, 'z'),
    );
    expect(eventsOf(chunk, 400)).toEqual([
      { ms: 400, kind: 'size', cols: 100, rows: 30 },
      { ms: 500, kind: 'output', bytes: text('abc') },
      { ms: 700, kind: 'output', bytes: text('def') },
      { ms: 700, kind: 'gap', bytes: 10 },
      { ms: 700, kind: 'output', bytes: text('z') },
    ]);
  });

  it('are none of a chunk that is cut', () => {
    const chunk = chunkOf(output(0, 'whole'));
    expect(() => eventsOf(chunk.subarray(0, -1), 0)).toThrow(RangeError);
    expect(() => eventsOf(chunk.subarray(0, 3), 0)).toThrow(RangeError);
    expect(eventsOf(new Uint8Array(), 0)).toEqual([]);
    expect(encodeDown(output(0, 'whole')).length + 4).toBe(chunk.length);
  });
});
