import { maxSnapshot } from '@webxterm/contracts/frames';
import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { KeptScreen } from './kept-screen.ts';
import type { ScreenSnapshot } from './messages.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const make = (size = { cols: 20, rows: 5 }, offset = 0): KeptScreen => new KeptScreen(offset, size);

/** The first line of the restored snapshot. */
const firstLine = async (snapshot: ScreenSnapshot | undefined): Promise<string | undefined> => {
  const terminal = new headless.Terminal({ cols: 20, rows: 5, allowProposedApi: true });
  await new Promise<void>((written) => terminal.write(snapshot?.state ?? '', written));
  return terminal.buffer.active.getLine(0)?.translateToString(true);
};

describe('the screen of the output that left the ring', () => {
  it('is saved at the last offset outside a sequence, with the bytes after it', async () => {
    const screen = make(undefined, 1000);
    await screen.feed(bytes('abc\x1b[3'), []);
    const snapshot = screen.snapshot();
    expect(snapshot).toMatchObject({ offset: 1003, kept: bytes('\x1b[3'), cols: 20, rows: 5 });
    expect(await firstLine(snapshot)).toBe('abc');
    await screen.feed(bytes('1mdef'), []);
    expect(screen.snapshot()).toMatchObject({ offset: 1011, kept: new Uint8Array() });
  });

  it('has the sizes that the output was made for, each from its offset on', async () => {
    const screen = make();
    await screen.feed(bytes('0123456789'), [{ offset: 5, cols: 40, rows: 10 }]);
    await screen.feed(bytes('x'), [{ offset: 10, cols: 30, rows: 6 }]);
    expect(screen.snapshot()).toMatchObject({ offset: 11, cols: 30, rows: 6 });
  });

  it('is not saved inside a sequence of over 64 KiB, and is saved again after it', async () => {
    const screen = make();
    await screen.feed(bytes(`a\x1bPq${'x'.repeat(40_000)}`), []);
    expect(screen.snapshot()).toMatchObject({ offset: 1 });
    await screen.feed(bytes('x'.repeat(40_000)), []);
    expect(screen.snapshot()).toBeUndefined();
    await screen.feed(bytes('\x1b\\b'), []);
    expect(await firstLine(screen.snapshot())).toBe('ab');
    expect(screen.snapshot()?.kept.length).toBe(0);
  });

  // 7 MB of colours through the emulator take some seconds on a busy machine.
  it('is saved without its scrollback, or not at all, if it exceeds 2 MiB', { timeout: 30_000 }, async () => {
    const row = Array.from({ length: 1000 }, (_, n) => `\x1b[38;2;${n % 256};1;2;48;2;3;4;${n % 256}mx`).join('');
    const some = make({ cols: 1000, rows: 20 });
    for (let n = 0; n < 100; n += 1) await some.feed(bytes(`${row}\r\n`), []);
    expect(some.snapshot()?.state.length).toBeLessThan(maxSnapshot);
    const many = make({ cols: 1000, rows: 100 });
    for (let n = 0; n < 100; n += 1) await many.feed(bytes(`${row}\r\n`), []);
    expect(many.snapshot()).toBeUndefined();
  });

  it('continues in another process where it was, in the middle of a sequence too', async () => {
    const output = 'one\r\n\x1b[31mred \x1b[1mbold\x1b[4;2Hplaced\x1b[?1049halternate \x1b[38;5;';
    const whole = make();
    await whole.feed(bytes(`${output}12mblue\x1b[?1049l end`), []);
    const first = make();
    await first.feed(bytes(output), []);
    const snapshot = first.snapshot();
    if (snapshot === undefined) throw new Error('no snapshot');
    const second = await KeptScreen.restored(snapshot);
    expect(second.snapshot()).toEqual(snapshot);
    await second.feed(bytes('12mblue\x1b[?1049l end'), []);
    expect(second.snapshot()).toEqual(whole.snapshot());
  });

  it('restores the title', async () => {
    const screen = make();
    await screen.feed(bytes('\x1b]0;my title\x07'), []);
    expect(new TextDecoder().decode(screen.snapshot()?.state)).toContain('\x1b]2;my title\x07');
  });
});
