import { EmulatorWidths, OutputFilter } from '@webxterm/stream';
import { differences } from '@webxterm/stream/screen/testing';
import headless, { type Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const size = { cols: 80, rows: 24 };
const kib = 1024;

const emulator = (): Terminal => {
  const terminal = new headless.Terminal({ ...size, scrollback: 100, allowProposedApi: true, logLevel: 'off' });
  new EmulatorWidths(terminal);
  return terminal;
};

const write = (terminal: Terminal, text: string): Promise<void> =>
  new Promise((written) => terminal.write(text, written));

const feed = async (terminal: Terminal, filter: OutputFilter, output: string | Uint8Array): Promise<void> => {
  const bytes = typeof output === 'string' ? new TextEncoder().encode(output) : output;
  for (const piece of filter.push(bytes)) await write(terminal, piece);
};

/** After a cancel and a reset the screen shows new text, whatever the earlier output was. */
const answers = async (terminal: Terminal, filter: OutputFilter): Promise<string | undefined> => {
  await feed(terminal, filter, '\x18\x1bcstill \x1b[31mhere');
  return terminal.buffer.active.getLine(0)?.translateToString(true);
};

const finals = Array.from({ length: 0x3f }, (_, n) => String.fromCharCode(0x40 + n));
const markers = ['', '?', '>', '=', '<'];
const intermediates = ['', ' ', '$', "'", '"', '!', '*'];
const numbers = [
  '2147483647',
  '99999999999999999999',
  '-1',
  '0',
  '1;'.repeat(300),
  '9:9:9:9:9999999999',
  '4294967296;4294967296',
  '?;:',
];

describe('malicious output', () => {
  it('costs no more than a screen, for every final byte, marker, intermediate and number', {
    timeout: 60_000,
  }, async () => {
    const [terminal, filter] = [emulator(), new OutputFilter(size)];
    for (const final of finals)
      for (const marker of markers)
        for (const intermediate of intermediates)
          await feed(
            terminal,
            filter,
            numbers.map((number) => `a\x1b[${marker}${number}${intermediate}${final}`).join(''),
          );
    expect(await answers(terminal, filter)).toBe('still here');
  });

  it.each([
    ['a title', '\x1b]0;'],
    ['colours', '\x1b]4;1;?;'],
    ['a link', '\x1b]8;;'],
    ['an unknown command', '\x1b]1337;File=inline=1:'],
    ['a command without end', '\x1b]'],
    ['a sixel image', '\x1bPq'],
    ['settings', '\x1bP$q'],
    ['an image', '\x1b_Gf=100,a=T;'],
    ['a privacy message', '\x1b^'],
    ['a start of string', '\u0098'],
  ])('is not kept in memory: 16 MB of %s', async (_name, begin) => {
    const [terminal, filter] = [emulator(), new OutputFilter(size)];
    const titles: string[] = [];
    terminal.onTitleChange((title) => titles.push(title));
    await feed(terminal, filter, begin);
    const part = new TextEncoder().encode('1;?;#/'.repeat(11_000));
    for (let fed = 0; fed < 16 * kib * kib; fed += part.length) await feed(terminal, filter, part);
    await feed(terminal, filter, '\x1b\\');
    expect(Math.max(0, ...titles.map((title) => title.length))).toBeLessThanOrEqual(kib);
    expect(await answers(terminal, filter)).toBe('still here');
  });

  it('puts no more than 16 marks on a character, and repeats no more than a screen', async () => {
    const [terminal, filter] = [emulator(), new OutputFilter(size)];
    await feed(terminal, filter, `e${'\u0301'.repeat(10_000)}\x1b[99999999b`);
    const lengths: number[] = [];
    for (let y = 0; y < terminal.buffer.active.length; y += 1)
      for (let x = 0; x < size.cols; x += 1)
        lengths.push(terminal.buffer.active.getLine(y)?.getCell(x)?.getChars().length ?? 0);
    expect(Math.max(...lengths)).toBe(17);
  });

  it('makes no links without number: a thousand lines of one link, and thousands of links', async () => {
    const [terminal, filter] = [emulator(), new OutputFilter(size)];
    await feed(terminal, filter, '\x1b]8;id=1;http://a\x07line of it\r\n'.repeat(4000));
    await feed(terminal, filter, '\x1b]8;;http://a\x07X'.repeat(20_000));
    expect(await answers(terminal, filter)).toBe('still here');
  });
});

/** Sequences that the filter passes unchanged, and fragments of them. */
const fragment = fc.oneof(
  fc.constantFrom(
    '\x1b',
    '\x1b[',
    '\x1b]2;t',
    '\x1bP',
    '\x1bP$q',
    '\u009b',
    '\u009d',
    '\x07',
    '\x18',
    '\x1b\\',
    '\u009c',
    '\r\n',
    '\x08',
  ),
  fc.constantFrom(
    '?',
    '>',
    ';',
    ':',
    ' ',
    '#8',
    '(0',
    '7',
    '8',
    'm',
    'H',
    'L',
    'M',
    'S',
    'T',
    '@',
    'P',
    'X',
    'I',
    'Z',
    'b',
    'J',
    'K',
    'r',
  ),
  fc.constantFrom(
    '\x1b[31m',
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[4h',
    '\x1b[5;10r',
    '\x1b[?6h',
    '\x1b[44m',
    'é',
    '日本',
    'e\u0301',
    'text',
    'x'.repeat(90),
  ),
  fc.nat(30).map(String),
);

/**
 * A character above U+009F in a SOS, PM or APC string: xterm.js ends the string there, the filter does not (`nextState`). No control is
 * between the introducer and the character.
 */
const endsStringInEmulatorOnly = /(?:\x1b[X^_]|[\u0098\u009e\u009f])[^\x18\x1a\x1b\x80-\x9f]*?[\u00a0-\uffff]/;

describe('output of programs', () => {
  it('draws the same with a filter and without one', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fragment, { maxLength: 40 }), async (parts) => {
        // The filter limits a repeat or a scroll of more than the screen.
        const output = parts.join('');
        fc.pre(!endsStringInEmulatorOnly.test(output));
        const [plain, bounded] = [emulator(), emulator()];
        await write(plain, output);
        await feed(bounded, new OutputFilter(size), output);
        // The emulator without a filter may be inside of a sequence. The one with a filter never is.
        await write(plain, '\x18');
        expect(differences(plain, bounded)).toEqual([]);
        plain.dispose();
        bounded.dispose();
      }),
    );
  });
});
