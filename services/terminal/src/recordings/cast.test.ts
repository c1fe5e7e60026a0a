import { type DownFrame, encodeDown } from '@webxterm/contracts/frames';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CastWriter } from './cast.ts';
import { ChunkBuilder, type RecordedFrame } from './chunk-builder.ts';
import { framesIn, joinFrames } from './chunk-codec.ts';
import { PendingTimes } from './pending-times.ts';

const size = { cols: 80, rows: 24 };
const lines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Records output pieces as [bytes, ms] in chunks of at most `perChunk` pieces, as a recorder does. */
const recorded = (pieces: readonly (readonly [Uint8Array, number])[], perChunk: number): DownFrame[] => {
  const times = new PendingTimes();
  let builder = new ChunkBuilder({ offset: 0, ms: 0, ...size });
  const chunks: Buffer[] = [];
  for (const [index, [payload, ms]] of pieces.entries()) {
    const { offset } = builder.end;
    times.add([{ offset, ms }]);
    const marks = times.take(offset, offset + payload.length, builder.end.ms);
    if (marks.length > 0) builder.add({ type: 'times', marks });
    builder.add({ type: 'output', offset, payload });
    if ((index + 1) % perChunk !== 0) continue;
    chunks.push(builder.build().plain);
    builder = new ChunkBuilder(builder.end);
  }
  chunks.push(builder.build().plain);
  return chunks.flatMap((plain) => framesIn(plain));
};

describe('asciicast', () => {
  const header = { began_at: new Date(1_700_000_000_500), title: 'build' };

  it('version 3 has intervals, sizes, markers and the exit code', () => {
    const writer = new CastWriter('3', size);
    expect(lines(writer.header(header))).toEqual([
      { version: 3, term: { cols: 80, rows: 24, type: 'xterm-256color' }, timestamp: 1_700_000_000, title: 'build' },
    ]);
    const frames: RecordedFrame[] = [
      { type: 'size', offset: 0, ...size },
      { type: 'times', marks: [{ offset: 0, ms: 250 }] },
      { type: 'output', offset: 0, payload: Buffer.from('a') },
      { type: 'size', offset: 1, cols: 100, rows: 30 },
      {
        type: 'times',
        marks: [
          { offset: 1, ms: 1250 },
          { offset: 3, ms: 1300 },
        ],
      },
      { type: 'output', offset: 1, payload: Buffer.from('bcd') },
      { type: 'gap', from: 4, to: 10 },
      { type: 'ended', finalOffset: 10, cause: 'shell_exit', exitCode: 3, signal: undefined },
    ];
    expect(lines(frames.map((frame) => writer.lines(frame)).join(''))).toEqual([
      [0.25, 'o', 'a'],
      [0, 'r', '100x30'],
      [1, 'o', 'bc'],
      [0.05, 'o', 'd'],
      [0, 'm', '6 bytes of output were not recorded'],
      [0, 'x', '3'],
    ]);
  });

  it('version 2 has times since the start and no event for the end', () => {
    const writer = new CastWriter('2', size);
    expect(lines(writer.header({ ...header, title: '' }))).toEqual([
      { version: 2, width: 80, height: 24, timestamp: 1_700_000_000, env: { TERM: 'xterm-256color' } },
    ]);
    const frames: RecordedFrame[] = [
      { type: 'times', marks: [{ offset: 0, ms: 100 }] },
      { type: 'output', offset: 0, payload: Buffer.from('a') },
      { type: 'times', marks: [{ offset: 1, ms: 300 }] },
      { type: 'output', offset: 1, payload: Buffer.from('b') },
      { type: 'ended', finalOffset: 2, cause: 'shell_exit', exitCode: 3, signal: undefined },
    ];
    expect(lines(frames.map((frame) => writer.lines(frame)).join(''))).toEqual([
      [0.1, 'o', 'a'],
      [0.3, 'o', 'b'],
    ]);
  });

  it('has each character once and whole, at times that do not decrease, however output and chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.nat(500)), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        (written, cuts, perChunk) => {
          const pieces: [Uint8Array, number][] = [];
          let [ms, count] = [0, 0];
          for (const [text, after] of written) {
            ms += after;
            for (let bytes = Buffer.from(text); bytes.length > 0; count += 1) {
              const length = cuts[count % cuts.length] ?? 1;
              pieces.push([bytes.subarray(0, length), ms]);
              bytes = bytes.subarray(length);
            }
          }
          for (const version of ['2', '3'] as const) {
            const writer = new CastWriter(version, size);
            const text = recorded(pieces, perChunk)
              .map((frame) => writer.lines(frame))
              .join('');
            const events = lines(text).map((event) => (Array.isArray(event) ? event : []));
            expect(events.map(([, , data]) => data).join('')).toBe(
              written
                .map(([part]) => part)
                .join('')
                .toWellFormed(),
            );
            let before = 0;
            for (const [time] of events) {
              expect(time).toBeGreaterThanOrEqual(version === '2' ? before : 0);
              before = Number(time);
            }
          }
        },
      ),
    );
  });

  it('replaces bytes that are not UTF-8', () => {
    const writer = new CastWriter('3', size);
    const text = writer.lines({ type: 'output', offset: 0, payload: Uint8Array.of(0x61, 0xff, 0x62, 0xc3) });
    const end = writer.lines({
      type: 'ended',
      finalOffset: 4,
      cause: 'unknown',
      exitCode: undefined,
      signal: undefined,
    });
    expect(lines(text + end)).toEqual([
      [0, 'o', 'a\ufffdb'],
      [0, 'o', '\ufffd'],
    ]);
  });
});

it('a chunk is read as it was written, and refused where it is cut', () => {
  const frames: RecordedFrame[] = [
    { type: 'size', offset: 0, ...size },
    { type: 'output', offset: 0, payload: new Uint8Array([1, 2, 3]) },
  ];
  const plain = joinFrames(frames.map((frame) => encodeDown(frame)));
  expect(framesIn(plain)).toEqual(frames.map((frame) => expect.objectContaining({ type: frame.type })));
  for (let length = 1; length < plain.length; length += 1) {
    const whole = length === 4 + 13;
    if (whole) expect(framesIn(plain.subarray(0, length))).toHaveLength(1);
    else expect(() => framesIn(plain.subarray(0, length))).toThrow();
  }
});
