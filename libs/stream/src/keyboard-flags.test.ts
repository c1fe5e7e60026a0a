import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { KeyboardFlags } from './keyboard-flags.ts';
import { OutputFilter } from './output-filter.ts';

/** Feeds `output` to an emulator through its filter. @returns the current flags, and the replies */
const after = async (output: string): Promise<{ flags: number; replies: string[] }> => {
  const size = { cols: 20, rows: 5 };
  const terminal = new headless.Terminal({ ...size, allowProposedApi: true });
  const replies: string[] = [];
  const flags = new KeyboardFlags(terminal, (reply) => replies.push(reply));
  for (const piece of new OutputFilter(size).push(new TextEncoder().encode(output))) terminal.write(piece);
  await new Promise<void>((read) => terminal.write('', read));
  return { flags: flags.current, replies };
};

describe('the key reports that a program requests', () => {
  it.each([
    ['nothing was asked for', '', 0],
    ['a push', '\x1b[>5u', 5],
    ['a push without a number', '\x1b[>1u\x1b[>u', 0],
    ['a pop', '\x1b[>1u\x1b[>5u\x1b[<u', 1],
    ['a pop of two', '\x1b[>1u\x1b[>5u\x1b[>31u\x1b[<2u', 1],
    ['a pop that empties the stack', '\x1b[>1u\x1b[<9u', 0],
    ['a pop of a huge number', '\x1b[>1u\x1b[<2147483647u\x1b[>3u', 3],
    ['flags set', '\x1b[=5u', 5],
    ['flags set in the place of others', '\x1b[>3u\x1b[=5;1u', 5],
    ['flags added', '\x1b[>1u\x1b[=4;2u', 5],
    ['flags taken away', '\x1b[>7u\x1b[=2;3u', 5],
    ['flags set below a push, and its pop', '\x1b[=5u\x1b[>1u\x1b[<u', 5],
    ['an unknown way of setting them', '\x1b[>7u\x1b[=2;4u', 7],
    ['flags that nobody knows', '\x1b[>4097u', 1],
    ['the other screen', '\x1b[>1u\x1b[?1049h', 0],
    ['the other screen, with flags of its own', '\x1b[>1u\x1b[?1049h\x1b[>7u\x1b[?1049l', 1],
    ['a reset', '\x1b[>1u\x1bc', 0],
    ['the position of the cursor restored', '\x1b[>1u\x1b[s\x1b[u', 1],
    ['eight more pushes: the oldest is gone', `\x1b[>31u${'\x1b[>1u'.repeat(8)}\x1b[<7u`, 1],
    ['as many pops as that', `\x1b[>31u${'\x1b[>1u'.repeat(8)}\x1b[<8u`, 0],
  ])('%s', async (_name, output, flags) => {
    expect((await after(output)).flags).toBe(flags);
  });

  it('is reported on request', async () => {
    expect((await after('\x1b[?u\x1b[>13u\x1b[?u')).replies).toEqual(['\x1b[?0u', '\x1b[?13u']);
  });
});
