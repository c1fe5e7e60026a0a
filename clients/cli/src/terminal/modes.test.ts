import { describe, expect, it } from 'vitest';
import { TerminalModes } from './modes.ts';

const after = (...output: string[]): TerminalModes => {
  const modes = new TerminalModes();
  for (const part of output) modes.push(Buffer.from(part));
  return modes;
};

describe('the modes of the local terminal', () => {
  it('are reset when an editor had set them', () => {
    const editor = after('\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?2004h\x1b=\x1b[>4;2m\x1b[>1u');
    expect(editor.alternate).toBe(true);
    const reset = editor.restoring();
    for (const each of [
      '\x1b[?1049l',
      '\x1b[?25h',
      '\x1b[?1000l',
      '\x1b[?1006l',
      '\x1b[?2004l',
      '\x1b>',
      '\x1b[>4;0m',
      '\x1b[<1u',
    ])
      expect(reset).toContain(each);
  });

  it('need no reset when the program has reset them', () => {
    const ended = after('\x1b[?1049h\x1b[?25l\x1b=\x1b[>1u', 'text', '\x1b[<u\x1b>\x1b[?25h\x1b[?1049l');
    expect([ended.alternate, ended.restoring()]).toEqual([false, '']);
    expect(after('\x1b[?1049h\x1b[?2004h\x1bc').restoring()).toBe('');
    expect(after('plain text, \x1b[31mcolours\x1b[0m').restoring()).toBe('');
  });

  it('are found in sequences that are cut anywhere', () => {
    const text = '\x1b[?1049h';
    for (let at = 1; at < text.length; at += 1)
      expect(after(text.slice(0, at), text.slice(at)).restoring()).toContain('\x1b[?1049l');
  });
});
