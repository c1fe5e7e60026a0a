import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeDown, encodeDown } from './down-codec.ts';
import type { DownFrame, UpFrame } from './frame.ts';
import { decodeUp, encodeUp } from './up-codec.ts';

const s = 0xf1a00;
const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);

/** The frames of the block under "Repaint" in docs/protocol.md, in order. */
const documented: readonly (DownFrame | UpFrame)[] = [
  {
    type: 'accepted',
    created: false,
    driver: false,
    offset: 0,
    head: 0x4f1a00,
    liveFrom: 0x4f1a00,
    inputApplied: 0,
    inputLimit: 0x40000,
    cols: 132,
    rows: 50,
  },
  { type: 'size', offset: s, cols: 80, rows: 24 },
  { type: 'snapshot', offset: s, last: false, payload: text('\x1b[H') },
  { type: 'snapshot', offset: s, last: true, payload: text('\x1b[?25l') },
  { type: 'gap', from: 0, to: s },
  { type: 'output', offset: s, payload: text('ls') },
  { type: 'size', offset: s + 2, cols: 132, rows: 50 },
  { type: 'snapshot_ack', bytes: 9 },
  { type: 'limit', acked: s, limit: s + 0x10000 },
  { type: 'snapshot', offset: 0x4c1000, last: true, payload: text('') },
  { type: 'gap', from: s + 2, to: 0x4c1000 },
];

/** The bytes of the block. `…1a00` stands for a u64 with leading zeros. */
const shown = (): Uint8Array[] => {
  const page = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');
  const block = page.slice(page.indexOf('### Repaint')).match(/```\n([\s\S]*?)```/)?.[1] ?? '';
  return block
    .split('\n')
    .map((line) => line.split(/ {3,}/)[0]?.trim() ?? '')
    .filter((frame) => frame !== '')
    .map((frame) => {
      const fields = frame
        .split(' ')
        .map((field) => (field.startsWith('…') ? field.slice(1).padStart(16, '0') : field));
      return new Uint8Array(Buffer.from(fields.join(''), 'hex'));
    });
};

describe('the bytes of a repaint, as documented', () => {
  const frames = shown();

  it('are as many as there are frames', () => expect(frames).toHaveLength(documented.length));

  it.each(documented.map((frame, index) => [`${index + 1}, ${frame.type}`, frame, index] as const))(
    'are read and written: frame %s',
    (_name, frame, index) => {
      const bytes = frames[index] ?? new Uint8Array();
      const isUp = frame.type === 'limit' || frame.type === 'snapshot_ack';
      expect(isUp ? decodeUp(bytes) : decodeDown(bytes)).toEqual(frame);
      const again = isUp ? encodeUp(decodeUp(bytes)) : encodeDown(decodeDown(bytes));
      expect(Buffer.from(again).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
    },
  );
});
