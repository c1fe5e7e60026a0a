import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputPump } from './input-pump.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const terminal = (takes: number[]) => {
  const taken: string[] = [];
  const write = (offered: Uint8Array): number => {
    const count = Math.min(takes.shift() ?? offered.length, offered.length);
    if (count > 0) taken.push(new TextDecoder().decode(offered.subarray(0, count)));
    return count;
  };
  return { taken, write };
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('InputPump', () => {
  it('writes at once, in order', () => {
    const sink = terminal([]);
    const pump = new InputPump(sink);
    let applied = 0;
    const onApplied = (count: number): void => {
      applied += count;
    };
    pump.push({ bytes: bytes('ab'), discard: false, onApplied });
    pump.push({ bytes: bytes('c'), discard: false, onApplied });
    expect([sink.taken.join(''), applied]).toEqual(['abc', 3]);
  });

  it('continues after a refused write where it stopped, and acks only the written bytes', () => {
    const sink = terminal([2, 0, 0]);
    const pump = new InputPump(sink);
    const applied: number[] = [];
    pump.push({ bytes: bytes('abcd'), discard: false, onApplied: (count) => applied.push(count) });
    pump.push({ bytes: bytes('e'), discard: false, onApplied: (count) => applied.push(count) });
    expect(applied).toEqual([2]);
    vi.advanceTimersByTime(100);
    expect([sink.taken.join(''), applied]).toEqual(['abcde', [2, 2, 1]]);
  });

  it('counts a dropped reply as applied without typing it', () => {
    const sink = terminal([]);
    const pump = new InputPump(sink);
    let applied = 0;
    const onApplied = (count: number): void => {
      applied += count;
    };
    pump.push({ bytes: bytes('xyz'), discard: true, onApplied });
    expect([sink.taken, applied]).toEqual([[], 3]);
  });

  it('drops its queue when the terminal is closed', () => {
    const sink = terminal([-1]);
    const pump = new InputPump(sink);
    const onApplied = vi.fn();
    pump.push({ bytes: bytes('a'), discard: false, onApplied });
    pump.push({ bytes: bytes('b'), discard: false, onApplied });
    vi.advanceTimersByTime(100);
    expect(onApplied).not.toHaveBeenCalled();
    expect(sink.taken).toEqual([]);
  });
});
