import { describe, expect, it } from 'vitest';
import { LineBlocks } from './line-blocks.ts';
import { folded, WordBits, wordsOf } from './words.ts';

const key = Buffer.alloc(32, 7);
const blocks = (drawn = 1024 * 1024 * 1024): LineBlocks => {
  const made = new LineBlocks(key);
  made.drawn(drawn);
  return made;
};

describe('the words of a text', () => {
  it('are its runs of letters and digits, without regard to case and compatible forms', () => {
    expect(wordsOf(folded('Error: /etc/nginx.conf ＡＢ ÉTÉ x 42_a'))).toEqual([
      ...['error', 'etc', 'nginx', 'conf', 'ab', 'été', '42_a'],
    ]);
    expect(wordsOf('y'.repeat(500))).toEqual(['y'.repeat(64)]);
  });

  it('have bits in a filter that depend on the key', () => {
    const [one, other] = [new WordBits(key), new WordBits(Buffer.alloc(32, 8))];
    expect(one.of('word')).toEqual(new WordBits(key).of('word'));
    expect(one.of('word')).not.toEqual(other.of('word'));
    expect(one.of('word')).not.toEqual(one.of('words'));
  });
});

describe('blocks of lines', () => {
  it('have at most 1,000 lines, each line once and in order, and the filter of their words', () => {
    const made = blocks();
    for (let n = 0; n < 2500; n += 1) made.add(n, `number ${n % 10}`);
    made.end();
    const taken = made.take();
    expect(taken.map(({ lines, msFrom, msTo }) => [lines, msFrom, msTo])).toEqual([
      [1000, 0, 999],
      [1000, 1000, 1999],
      [500, 2000, 2499],
    ]);
    expect(JSON.parse(taken[2]?.json ?? '')[0]).toEqual([2000, 'number 0']);
    expect(taken[0]?.filter).toEqual(new WordBits(key).filter(['number']));
    expect(made.take()).toEqual([]);
  });

  it('are complete when they have too many characters or words', () => {
    const long = blocks();
    for (let n = 0; n < 25; n += 1) long.add(n, 'w '.repeat(2048));
    expect(long.take().map(({ lines }) => lines)).toEqual([24]);
    const various = blocks();
    for (let n = 0; n < 3; n += 1)
      various.add(n, Array.from({ length: 1000 }, (_, word) => `w${n * 1000 + word}`).join(' '));
    expect(various.take().map(({ lines }) => lines)).toEqual([2]);
  });

  it('have at most 128 Mi characters of a recording; more is left out', () => {
    const made = blocks();
    const line = '- '.repeat(32 * 1024);
    for (let n = 0; n < 2048; n += 1) {
      made.add(n, line);
      made.take();
    }
    expect(made.cut).toBe(false);
    made.add(2000, 'more');
    expect([made.cut, made.take()]).toEqual([true, []]);
  });

  it('have four characters for each byte of output, because a line that was drawn once may end many times', () => {
    const made = blocks(100_000);
    for (let n = 0; n < 10_000; n += 1) made.add(n, 'x'.repeat(4096));
    made.end();
    expect(made.cut).toBe(true);
    const lines = made.take().reduce((sum, block) => sum + block.lines, 0);
    expect(lines).toBe(Math.floor((64 * 1024 + 400_000) / 4096));
  });
});
