import { describe, expect, it } from 'vitest';
import { ReplayFilter } from './replay.ts';

const shown = (...output: string[]): string => {
  const filter = new ReplayFilter();
  const parts = output.map((part) => filter.push(Buffer.from(part, 'latin1')));
  return Buffer.concat([...parts, filter.end()]).toString('latin1');
};

describe('output that is shown again', () => {
  it('asks the terminal nothing, rings no bell and writes no clipboard', () => {
    const questions = [
      '\x1b[c',
      '\x1b[>c',
      '\x1b[0c',
      '\x1b[6n',
      '\x1b[?6n',
      '\x1b[5n',
      '\x1b[?2026$p',
      '\x1b[18t',
      '\x1b[>0q',
      '\x1b[?u',
      '\x1bP+q544e\x1b\\',
      '\x1bP$qm\x1b\\',
      '\x1b]11;?\x07',
      '\x1b]10;?\x1b\\',
      '\x1b]4;1;?\x07',
      '\x1b]52;c;aGVsbG8=\x07',
      '\x1b]0052;c;aGVsbG8=\x07',
      '\x1b[0018t',
      '\x05',
      '\x07',
      '\x1bZ',
    ];
    for (const question of questions) expect(shown(`a${question}b`)).toBe('ab');
  });

  it('is otherwise unchanged', () => {
    const text =
      'caf\xc3\xa9 \x1b[1;31mred\x1b[0m \x1b[2J\x1b[H\x1b]0;title\x07\x1b[?1049h\x1b[8;24;80t\x1b[>4;2m\x1b[>1u';
    expect(shown(text)).toBe(text);
  });

  it('is filtered wherever it is cut', () => {
    const text = 'x\x1b]11;?\x1b\\y\x1b[6nz\x1b[31mr';
    for (let at = 1; at < text.length; at += 1) expect(shown(text.slice(0, at), text.slice(at))).toBe('xyz\x1b[31mr');
  });

  it('writes no clipboard by a long text, wherever it is cut', () => {
    const long = `a\x1b]52;c;${'A'.repeat(10_000)}`;
    for (const end of ['\x07', '\x1b\\']) {
      const text = `${long}${end}b`;
      for (const at of [3, 4000, 5000, text.length - 3, text.length - 2, text.length - 1])
        expect(shown(text.slice(0, at), text.slice(at))).toBe('ab');
    }
    expect(shown(long, '\x1b[mb')).toBe('a\x1b[mb');
    expect(shown(long)).toBe('a');
  });

  it('keeps at most one sequence of 4 KiB', () => {
    const filter = new ReplayFilter();
    const long = `\x1b]0;${'t'.repeat(5000)}`;
    expect(Buffer.from(filter.push(Buffer.from(long))).toString()).toBe(long);
    expect(filter.end()).toHaveLength(0);
  });
});
