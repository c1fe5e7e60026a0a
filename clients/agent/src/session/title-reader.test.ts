import { describe, expect, it } from 'vitest';
import { TitleReader } from './title-reader.ts';

const titleOf = (...chunks: string[]): string => {
  const reader = new TitleReader();
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return reader.title;
};

describe('the title in the output', () => {
  it('is that of the last OSC 0 or 2, ended by BEL or ST', () => {
    expect(titleOf('a\x1b]0;one\x07b')).toBe('one');
    expect(titleOf('\x1b]0;one\x07\x1b]2;zwölf\x1b\\$ ')).toBe('zwölf');
    expect(titleOf('\x1b]2;one\x07\x1b]7;file:///tmp\x07\x1b]133;A\x07')).toBe('one');
    expect(titleOf('\x1b]2;one\x07', '\x1b]2;\x07')).toBe('');
  });

  it('is found however the output is cut', () => {
    const output = Buffer.from('x\x1b]2;zwölf\x1b\\y');
    for (let first = 0; first <= output.length; first += 1)
      for (let second = first; second <= output.length; second += 1) {
        const reader = new TitleReader();
        for (const chunk of [output.subarray(0, first), output.subarray(first, second), output.subarray(second)])
          reader.push(chunk);
        expect([first, second, reader.title]).toEqual([first, second, 'zwölf']);
      }
  });

  it('is not read from another sequence, or from a title without an end', () => {
    expect(titleOf('\x1b]1;icon\x07', '\x1b]52;c;aGk=\x07', '\x1b]2;begun')).toBe('');
    expect(titleOf(`\x1b]2;${'x'.repeat(2000)}`, '\x07')).toBe('');
  });

  it('is read within a bound of work and memory from output of sequences only', () => {
    const reader = new TitleReader();
    const hostile = Buffer.from('\x1b]9;x\x07'.repeat(8000));
    for (let round = 0; round < 200; round += 1) reader.push(hostile);
    reader.push(Buffer.from('\x1b]0;done\x07'));
    expect(reader.title).toBe('done');
  });
});
