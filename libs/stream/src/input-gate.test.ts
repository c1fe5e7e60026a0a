import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputGate, StreamProtocolError } from './input-gate.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (part: Uint8Array): string => new TextDecoder().decode(part);

describe('InputGate', () => {
  it('cuts the overlap of a repeated frame', () => {
    const gate = new InputGate(100);
    expect(gate.receive(0, bytes('abc'))).toMatchObject({ kind: 'take' });
    const verdict = gate.receive(1, bytes('bcde'));
    expect(verdict.kind === 'take' && text(verdict.bytes)).toBe('de');
    expect(gate.receive(0, bytes('abcde'))).toEqual({ kind: 'repeat_ack' });
  });

  it('drops a frame beyond its offset, and repeats the ack', () => {
    const gate = new InputGate(100);
    gate.receive(0, bytes('abc'));
    expect(gate.receive(4, bytes('e'))).toEqual({ kind: 'repeat_ack' });
    expect(gate.queued).toBe(3);
  });

  it('resets an unknown writer at an offset above 0', () => {
    expect(new InputGate(100).receive(5, bytes('x'))).toEqual({ kind: 'reset' });
  });

  it('accepts input up to the limit; one more byte is a protocol error', () => {
    const gate = new InputGate(4);
    gate.receive(0, bytes('abcd'));
    expect(() => gate.receive(4, bytes('e'))).toThrow(StreamProtocolError);
    gate.apply(1);
    expect(gate.limit).toBe(5);
    expect(gate.receive(4, bytes('e'))).toMatchObject({ kind: 'take' });
    expect(() => gate.apply(5)).toThrow(RangeError);
    expect(() => gate.apply(-1)).toThrow(/-1 bytes applied of 4 queued/);
    const refused = (): unknown => gate.receive(5, bytes('f'));
    expect(refused).toThrow(/input up to 6 goes beyond the limit 5/);
    expect(refused).toThrow(expect.objectContaining({ name: 'StreamProtocolError' }));
  });

  it('applies each byte of the input once, under duplication, re-ordering and re-sending', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            from: fc.nat(300),
            length: fc.integer({ min: 1, max: 40 }),
            apply: fc.nat(60),
            honest: fc.boolean(),
          }),
          { maxLength: 80 },
        ),
        (frames) => {
          const typed = Uint8Array.from({ length: 400 }, (_, index) => (index * 13) & 0xff);
          const gate = new InputGate(64);
          const taken: number[] = [];
          for (const frame of frames) {
            // An honest writer continues at its ack. Other writers repeat and reorder what was sent before.
            const from = frame.honest ? Math.min(taken.length, 399) : frame.from;
            const payload = typed.subarray(from, Math.min(from + frame.length, gate.limit));
            if (payload.length === 0) continue;
            const verdict = gate.receive(from, payload);
            if (verdict.kind === 'take') taken.push(...verdict.bytes);
            gate.apply(Math.min(frame.apply, gate.queued));
            expect(gate.queued).toBeLessThanOrEqual(64);
          }
          expect(taken).toEqual([...typed.subarray(0, taken.length)]);
          expect(gate.applied + gate.queued).toBe(taken.length);
        },
      ),
      { numRuns: 200 },
    );
  });
});
