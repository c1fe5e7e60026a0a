import { EdgeKind, Role } from '@webxterm/contracts/grpc';
import { differences } from '@webxterm/stream/screen/testing';
import type { Terminal } from '@xterm/headless';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScreenViewer } from './screen-viewer.ts';
import { startTestAgent } from './test-agent.ts';

const mib = 1024 * 1024;

let agent: Awaited<ReturnType<typeof startTestAgent>>;

beforeEach(async () => {
  // The smallest possible ring, so the output of these tests overflows it.
  agent = await startTestAgent({ ring_mib: 1 });
});

afterEach(() => agent.stop());

/** A viewer that opens a shell and receives all output from its first byte. */
const open = async (): Promise<ScreenViewer> => {
  const viewer = new ScreenViewer(agent.hub);
  await viewer.attach({ create: true });
  viewer.type("PS1='$ '; PROMPT_COMMAND=''; stty -echo; clear; echo rea''dy\n");
  await viewer.seen('ready');
  return viewer;
};

/** Prints enough that the beginning has left the ring, and ends with `mark` on the screen. */
const flood = async (viewer: ScreenViewer, mebibytes: number, mark: string): Promise<void> => {
  const bytes = Math.round(mebibytes * mib);
  const from = viewer.offset;
  viewer.type(`yes 'a line of a flood that is long enough to be one' | head -c ${bytes}; echo; echo ${mark}\n`);
  await viewer.until(() => viewer.offset > from + bytes && viewer.text().includes(mark));
};

/** Another viewer that attaches late without any output. */
const late = async (
  first: ScreenViewer,
  request: Parameters<ScreenViewer['attach']>[0] = {},
): Promise<ScreenViewer> => {
  const viewer = new ScreenViewer(agent.hub, first.sessionId);
  await viewer.attach({ role: Role.ROLE_VIEW, ...request });
  await viewer.until(() => viewer.offset >= first.offset);
  return viewer;
};

/** Compares the screens only, because the late viewer has less scrollback. */
const onScreen = (expected: Terminal, actual: Terminal): string[] => {
  for (const terminal of [expected, actual]) terminal.options.scrollback = 0;
  return differences(expected, actual);
};

describe('a viewer that has nothing, after more output than the ring holds', () => {
  it('gets the screen, then the ring', async () => {
    const first = await open();
    first.type("printf '\\033[?2004h\\033[?1002h\\033[?1006h\\033[?25l\\033[3;20r\\033[5 q\\033[31m'; echo modes\n");
    await first.seen('modes');
    await flood(first, 1.2, 'done');
    const second = await late(first);
    const [accepted, ...rest] = second.frames;
    expect(accepted).toMatchObject({ type: 'accepted', offset: 0, driver: false });
    expect(rest.map((frame) => frame.type)).toEqual(['snapshot', 'gap']);
    expect(second.of('snapshot')[0]?.payload.length).toBeGreaterThan(100);
    const [gap] = second.of('gap');
    expect(gap?.to).toBeLessThanOrEqual(first.offset - mib);
    expect(gap?.to).toBeGreaterThan(first.offset - mib - 64 * 1024);
    expect(onScreen(first.terminal, second.terminal)).toEqual([]);
  });

  it('gets an editor that was started before the ring began, and a resize that lies in the ring', async () => {
    const first = await open();
    // Output as of vim: alternate screen, keypad, mouse, and a status line outside its scroll region.
    first.type(
      "printf '\\033[?1049h\\033[?1h\\033=\\033[?1000h\\033[?1006h\\033[24;1H\\033[7mstatus\\033[0m\\033[1;23r\\033[1;1H'\n",
    );
    await first.until(() => first.terminal.buffer.active.type === 'alternate');
    await flood(first, 1.1, 'one');
    first.send({ type: 'resize', cols: 100, rows: 30 });
    await first.until(() => first.terminal.cols === 100);
    await flood(first, 0.2, 'two');
    const second = await late(first);
    expect(second.of('size').map(({ cols, rows }) => [cols, rows])).toEqual([
      [80, 24],
      [100, 30],
    ]);
    expect(onScreen(first.terminal, second.terminal)).toEqual([]);
    first.type("printf '\\033[?1049l'; echo back\n");
    await Promise.all([first.seen('back'), second.seen('back')]);
    expect(onScreen(first.terminal, second.terminal)).toEqual([]);
  });

  it('never receives a truncated colour sequence or character', async () => {
    const first = await open();
    // The lengths of the sequences and characters divide no ring size, so the ring almost always starts inside of one.
    const line = '\\033[38;2;10;200;30m€uro 字 \\033[0;1;4m😀\\033[m-';
    for (const count of [26_000, 501, 503, 509]) {
      first.type(`yes "$(printf '${line}')" | head -n ${count} | tr -d '\\n'; echo; echo n${count}\n`);
      await first.seen(`n${count}`);
      const second = await late(first);
      expect(second.of('snapshot').length).toBeGreaterThan(0);
      expect(onScreen(first.terminal, second.terminal)).toEqual([]);
    }
  });

  it('gets no snapshot as a raw client, and its gap at once', async () => {
    const first = await open();
    await flood(first, 1.2, 'done');
    const raw = await late(first, { edge: EdgeKind.EDGE_KIND_RAW });
    expect(raw.frames[0]).toMatchObject({ type: 'accepted', offset: first.offset - mib });
    expect(raw.frames.map((frame) => frame.type)).toEqual(['accepted', 'gap']);
  });
});
