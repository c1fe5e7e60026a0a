import { type DownFrame, encodeDown } from '@webxterm/contracts/frames';
import { expect, it } from 'vitest';
import { joinFrames } from '../chunk-codec.ts';
import { IndexThread } from './index-thread.ts';

const size = { cols: 1000, rows: 1000 };

const chunkOf = (text: string): Uint8Array<ArrayBuffer> => {
  const frames: DownFrame[] = [
    { type: 'size', offset: 0, ...size },
    { type: 'times', marks: [{ offset: 0, ms: 0 }] },
    { type: 'output', offset: 0, payload: Buffer.from(text) },
  ];
  return new Uint8Array(joinFrames(frames.map((frame) => encodeDown(frame))));
};

it('gives up a recording that takes too long to draw, and keeps the lines until then', async () => {
  const thread = new IndexThread({
    ...{ ...size, searchKey: Buffer.alloc(32), everyBytes: 1e9, everyMs: 1e9 },
    cpuMs: 300,
  });
  // Each two bytes take 7 ms: 16 KiB take a minute.
  const plain = chunkOf(`first line\r\n${'\x1bc'.repeat(8192)}`);
  const { blocks, cut, spent } = await thread.next({ kind: 'chunk', n: 0, plain });
  await thread.end();
  expect({ cut, spent }).toEqual({ cut: true, spent: true });
  expect(blocks.map(({ json }) => JSON.parse(json))).toEqual([[[0, 'first line']]]);
}, 30_000);
