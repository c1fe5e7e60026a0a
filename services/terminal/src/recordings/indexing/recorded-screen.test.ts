import type { DownFrame } from '@webxterm/contracts/frames';
import { EmulatorWidths } from '@webxterm/stream';
import { differences } from '@webxterm/stream/screen/testing';
import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { RecordedScreen } from './recorded-screen.ts';

const size = { cols: 20, rows: 5 };

/** The frames of one chunk: each text at its time. */
const framesOf = (...parts: [ms: number, text: string][]): DownFrame[] => {
  let offset = 0;
  const marks: { offset: number; ms: number }[] = [];
  const outputs: DownFrame[] = [];
  for (const [ms, text] of parts) {
    const payload = Buffer.from(text, 'latin1');
    marks.push({ offset, ms });
    outputs.push({ type: 'output', offset, payload });
    offset += payload.length;
  }
  return [{ type: 'size', offset: 0, ...size }, { type: 'times', marks }, ...outputs];
};

/** The lines of a recording with these chunks. */
const linesOf = async (...chunks: DownFrame[][]): Promise<[number, string][]> => {
  const lines: [number, string][] = [];
  const screen = new RecordedScreen(size, (ms, text) => void lines.push([ms, text]));
  for (const chunk of chunks) await screen.draw(chunk);
  screen.end();
  return lines;
};

describe('the lines of a recording', () => {
  it('are what was shown, each at the time at which it was complete: without escapes, rejoined where they wrap or are split', async () => {
    const lines = await linesOf(
      framesOf(
        [10, '\x1b[31mer'],
        [20, 'ror\x1b[0m: no'],
        [30, ' such file\r\n'],
        [40, `${'x'.repeat(45)} end\r\n\r\n`],
      ),
      framesOf([50, '10%\r20%\r100%\r\n'], [60, 'h\xc3'], [70, '\xa9\r\n$ exi'], [80, 't']),
    );
    expect(lines).toEqual([
      [30, 'error: no such file'],
      [40, `${'x'.repeat(45)} end`],
      [50, '100%'],
      [70, 'hé'],
      [80, '$ exit'],
    ]);
  });

  it('are those of the normal screen alone', async () => {
    const lines = await linesOf(framesOf([1, 'before\r\n\x1b[?1049hsecret\r\nmore\r\n\x1b[?1049lafter\r\n']));
    expect(lines.map(([, text]) => text)).toEqual(['before', 'after']);
  });

  it('beyond the height of the screen and its scrollback are all there, once', async () => {
    const texts = Array.from({ length: 1000 }, (_, n) => `line ${n}`);
    const lines = await linesOf(framesOf([1, texts.join('\r\n')]));
    expect(lines.map(([, text]) => text)).toEqual(texts);
  });

  it('have at most 4,096 characters', async () => {
    const screen = new RecordedScreen({ cols: 1000, rows: 50 }, (_, text) => expect(text).toHaveLength(4096));
    await screen.draw([{ type: 'output', offset: 0, payload: Buffer.from('y'.repeat(9000)) }]);
    screen.end();
    expect.assertions(1);
  });
});

describe('the commands of a recording', () => {
  const commandsOf = async (...chunks: DownFrame[][]) => {
    const screen = new RecordedScreen(size, () => {});
    for (const chunk of chunks) await screen.draw(chunk);
    return screen.commands;
  };
  const mark = (text: string): string => `\x1b]133;${text}\x07`;
  const prompt = `${mark('A')}$ ${mark('B')}`;

  it('are those that the shell has marked, with their times and exit codes', async () => {
    const { all, cut } = await commandsOf(
      framesOf([10, prompt], [20, 'make te'], [30, `st\r\n${mark('C')}`], [40, 'ok\r\n']),
      framesOf([2000, `${mark('D;0')}${prompt}false\r\n${mark('C')}`], [2100, `${mark('D;1')}${prompt}\r\n${prompt}`]),
      framesOf([3000, `vi\r\n${mark('C')}\x1b[?1049h${mark('A')}${mark('C')}${mark('D;9')}`]),
    );
    expect([all, cut]).toEqual([
      [
        { ms: 30, text: 'make test', ended_ms: 2000, exit_code: 0 },
        { ms: 2000, text: 'false', ended_ms: 2100, exit_code: 1 },
        { ms: 3000, text: 'vi', ended_ms: 3000, exit_code: 9 },
      ],
      false,
    ]);
  });

  it('have the lines that they had on the screen, and the prompt where its end is not marked', async () => {
    const { all } = await commandsOf(
      framesOf([1, `${prompt}for i in 1 2\r\n> do echo\r\n> done\r\n${mark('C')}`]),
      framesOf([2, `${mark('D;0')}${mark('A')}~\r\n$ ${'x'.repeat(30)}\r\n${mark('C')}${mark('D;no number')}`]),
    );
    expect(all.map(({ text, exit_code }) => [text, exit_code])).toEqual([
      ['for i in 1 2\n> do echo\n> done', 0],
      [`~\n$ ${'x'.repeat(30)}`, null],
    ]);
  });

  it('are bounded in number and length', async () => {
    const many = `${prompt}${'y'.repeat(600)}\r\n${mark('C')}`;
    const { all, cut } = await commandsOf(framesOf([1, many.repeat(600)]));
    expect([all.length, all[0]?.text.length, cut]).toEqual([524, 500, true]);
  });
});

describe('a keyframe', () => {
  it.each([
    ['in the middle of a colour sequence', 'text\x1b[1;3', '1mred\r\n'],
    ['in the middle of a character', 'caf\xc3', '\xa9 au lait'],
    ['on the alternate screen', 'shell\x1b[?1049h\x1b[2;2Heditor', '\x1b[?1049l$ '],
    ['with a scroll region', '\x1b[2;4r\x1b[4;1Ha\r\nb\r\nc', '\r\nd\r\ne'],
  ])('%s gives the screen that the output before gave, also for the output after it', async (_, before, after) => {
    const saw = new RecordedScreen(size, () => {});
    await saw.draw(framesOf([1, before]));
    const frame = saw.keyframe();
    if (frame === undefined) throw new Error('there is no keyframe');
    const restored = new headless.Terminal({ ...size, allowProposedApi: true });
    new EmulatorWidths(restored);
    const all = new headless.Terminal({ ...size, allowProposedApi: true });
    new EmulatorWidths(all);
    for (const part of [frame.state, frame.held, Buffer.from(after, 'latin1')]) restored.write(part);
    await new Promise<void>((written) => restored.write('', written));
    await new Promise<void>((written) => all.write(Buffer.from(before + after, 'latin1'), written));
    expect(differences(all, restored)).toEqual([]);
  });

  it('leaves out the lines above a screen that is too large, and is none inside of a very long sequence', async () => {
    const wide = new RecordedScreen({ cols: 1000, rows: 100 }, () => {});
    await wide.draw([{ type: 'output', offset: 0, payload: Buffer.from(`${'z'.repeat(999)}\r\n`.repeat(190)) }]);
    expect(wide.keyframe()?.state.length).toBeLessThan(101 * 1000);
    const image = new RecordedScreen(size, () => {});
    await image.draw([{ type: 'output', offset: 0, payload: Buffer.from(`\x1bPq${'#'.repeat(70_000)}`) }]);
    expect(image.keyframe()).toBeUndefined();
    await image.draw([{ type: 'output', offset: 70_003, payload: Buffer.from('\x1b\\done') }]);
    expect(image.keyframe()?.state).toContain('done');
  });
});
