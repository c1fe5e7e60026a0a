import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { IndexedLine } from './indexing/line-blocks.ts';
import type { RecordingIndex, RecordingRecord } from './record.ts';
import { textFile } from './recording-file.ts';

const key = randomBytes(32);
const recordWith = (index: Partial<RecordingIndex> | undefined) =>
  ({ recording_id: 'r', ...(index !== undefined && { index: { job: 'j', ...index } }) }) as RecordingRecord;
const textOf = async (blocks: readonly (readonly IndexedLine[] | undefined)[], record: RecordingRecord) => {
  const index = {
    lineBlocks: async () => blocks.map((_block, n) => n),
    lines: async (_key: Buffer, { n }: { n: number }) => blocks[n],
  };
  let text = '';
  for await (const part of textFile(index, key, record).parts()) text += part;
  return text;
};

describe('the text of a recording', () => {
  it('is its lines in order, and says where it was cut', async () => {
    const blocks: IndexedLine[][] = [
      [
        [0, 'one'],
        [5, 'two  2'],
      ],
      [[9, 'three']],
    ];
    expect(await textOf(blocks, recordWith({ state: 'ready' }))).toBe('one\ntwo  2\nthree\n');
    expect(await textOf(blocks, recordWith({ state: 'ready', cut: true }))).toMatch(
      /three\n\[The rest is too long.*\]\n$/,
    );
    expect(await textOf([], recordWith({ state: 'ready' }))).toBe('');
  });

  it('is refused before the lines are read, and where they could not be', async () => {
    for (const index of [undefined, { state: 'waiting' }, { state: 'failed' }] as const)
      await expect(textOf([], recordWith(index))).rejects.toMatchObject({ code: 'conflict' });
  });

  it('breaks off at lines that were changed', async () => {
    await expect(textOf([[[0, 'one']], undefined], recordWith({ state: 'ready' }))).rejects.toMatchObject({
      code: 'internal',
    });
  });
});
