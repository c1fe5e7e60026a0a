import headless, { type Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { EmulatorWidths } from '../emulator-widths.ts';
import { KeyboardFlags } from '../keyboard-flags.ts';
import { coreState } from './core-state.ts';
import { screenState } from './screen-state.ts';
import { differences } from './testing/compare.ts';

const emulator = (cols = 20, rows = 6): Terminal =>
  new headless.Terminal({ cols, rows, scrollback: 100, allowProposedApi: true });

const write = (terminal: Terminal, text: string): Promise<void> =>
  new Promise((written) => terminal.write(text, written));

/** Compares an emulator that read all output with a restored one, also after further output to both. */
const restored = async (output: string, then = ''): Promise<string[]> => {
  const saw = emulator();
  const keyboard = new KeyboardFlags(saw);
  const widths = new EmulatorWidths(saw);
  await write(saw, output);
  const other = emulator();
  const otherWidths = new EmulatorWidths(other);
  await write(other, screenState(saw, { keyboard, clusters: widths.clusters }, '', 100));
  const before = differences(saw, other);
  await write(saw, then);
  await write(other, then);
  expect(otherWidths.clusters).toBe(widths.clusters);
  return [...before, ...differences(saw, other)];
};

const lines = (count: number): string => Array.from({ length: count }, (_, n) => `line ${n}`).join('\r\n');

describe('the state of a screen, restored', () => {
  it.each([
    ['text', 'hello\r\nworld'],
    ['scrollback', lines(40)],
    ['a wrapped line, and a resize-proof wrap after colours', `\x1b[44m${'x'.repeat(50)}\x1b[0m\r\nend`],
    ['a cursor that waits behind the last column', 'x'.repeat(20), 'y'],
    [
      'colours of all three kinds, and flags',
      '\x1b[1;31;42mA\x1b[22;2mB\x1b[38;5;200;48;2;1;2;3mC\x1b[0;3;4:3;5;7;8;9;53mD\x1b[0mE',
    ],
    ['bold that ends while dim goes on', '\x1b[1;2mA\x1b[22m\x1b[2mB'],
    ['erased cells with a background', '\x1b[44m\x1b[2J\x1b[3;3Hx\x1b[0m'],
    ['a pen for what comes', '\x1b[7;35mA', 'BC\x1b[K'],
    ['wide characters, also where they wrap', `${'字'.repeat(12)}é\u0301x`, '字'],
    ['a wide character that does not fit the line', `${'x'.repeat(19)}字b`, 'c'],
    ['an alternate screen over a normal one', `${lines(9)}\x1b[44m\x1b[?1049h\x1b[2;2Hvim`, '\x1b[?1049lback'],
    ['a scroll region', `${lines(5)}\x1b[2;4r\x1b[4;1H`, '\n\n\nx'],
    ['a saved cursor with its pen', '\x1b[3;5H\x1b[31m\x1b7\x1b[0m\x1b[1;1Hx', '\x1b8y'],
    ['line drawing', '\x1b(0lqk\x1b[2;2H', 'x\x1b(Bx'],
    ['line drawing in the second set, shifted to', '\x1b)0\x0eqq', 'q\x0fq'],
    ['insert mode', 'abc\x1b[4h\x1b[1;1H', 'X'],
    ['no wrap', '\x1b[?7l', 'x'.repeat(30)],
    ['origin mode', '\x1b[2;5r\x1b[?6h\x1b[2;3H', 'x\x1b[1;1Hy'],
    ['tab stops of its own', '\x1b[3g\x1b[1;4H\x1bH\x1b[1;1H', '\tx'],
    ['a hidden cursor, a bar that blinks', '\x1b[?25l\x1b[5 q'],
    ['keys, paste and focus', '\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h'],
    ['the mouse', '\x1b[?1002h\x1b[?1006h'],
    ['emoji, code point by code point', '👨‍👩‍👧⚠️🇩🇪x', '👍🏽'],
    ['clusters beside what was drawn before them', '👨‍👩‍👧\x1b[?2027h👨‍👩‍👧⚠️🇩🇪x', '👍🏽y'],
    ['clusters of a program that has ended', '\x1b[?2027h👨‍👩‍👧⚠️🇩🇪e\u0301x\x1b[?2027l\r\n', '👍🏽y'],
    ['a cluster in the last columns', `\x1b[?2027h${'x'.repeat(18)}⚠️`, 'y'],
    ['an erased tail of a wrapped line', `${'x'.repeat(30)}\x1b[1;15H\x1b[K\x1b[2;1H\x1b[2K`],
  ])('has %s', async (_name, output, then = '') => {
    expect(await restored(output, then)).toEqual([]);
  });

  it.each([
    ['the screen that is shown', '\x1b[>1u\x1b[>5u', '\x1b[<u', [5, 1]],
    ['the screen behind it, too', '\x1b[>1u\x1b[?1049h\x1b[>9u\x1b[>31u', '\x1b[<u\x1b[?1049l', [31, 1]],
    ['an alternate screen that was left', '\x1b[?1049h\x1b[>3u\x1b[?1049l', '\x1b[?1049h', [0, 3]],
    ['nobody, after a reset', '\x1b[>1u\x1bc', '\x1b[<u', [0, 0]],
  ])('has how keys are reported to %s', async (_name, output, then, expected) => {
    const saw = emulator();
    const keys = new KeyboardFlags(saw);
    await write(saw, output);
    const other = emulator();
    const restoredKeys = new KeyboardFlags(other);
    await write(other, screenState(saw, { keyboard: keys, clusters: false }, '', 100));
    const before = restoredKeys.current;
    await write(other, then);
    expect([before, restoredKeys.current]).toEqual(expected);
  });

  it('finds the internals of the installed emulator', async () => {
    const terminal = emulator();
    await write(terminal, '\x1b[?25l\x1b[?1006h\x1b[3 q\x1b[2;3r\x1b(0');
    expect(coreState(terminal)).toMatchObject({
      cursorHidden: true,
      cursorStyle: 'underline',
      cursorBlink: true,
      mouseEncoding: 'SGR',
      normal: { scrollTop: 1, scrollBottom: 2 },
    });
    expect(coreState(terminal).charsets[0]).toMatchObject({ q: '─' });
  });
});
