import { spawnSync } from 'node:child_process';
import { Role } from '@webxterm/contracts/grpc';
import { differences } from '@webxterm/stream/screen/testing';
import type { Terminal } from '@xterm/headless';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScreenViewer } from './screen-viewer.ts';
import { startTestAgent } from './test-agent.ts';

const mib = 1024 * 1024;

interface Program {
  readonly name: string;
  readonly start: string;
  /** Text on the screen when the program has started. */
  readonly runs: string;
  /** Input that makes the program draw more than a ring. */
  readonly draw: string;
  /** Input that makes the program stop drawing. */
  readonly settle: string;
  /** Text on the screen when the program has stopped drawing. */
  readonly rests: string;
  readonly leave: string;
}

/** All modes, colours of each kind, wide and line-drawing characters, a scroll region, and frames with all of them. */
const drawn = String.raw`printf '\033[?1049h\033[?1h\033=\033[?1002h\033[?1006h\033[?2004h\033[?25l\033[4 q\033[2;22r\033[?6h\033[3g\033[5G\033H\033[1;1H\033)0'; i=0; while [ $i -lt 22000 ]; do i=$((i+1)); printf '\033[%d;3H\033[38;5;%dm\033[48;2;9;%d;30m字€\016lqk\017\033[0;1;4m%d\033[m\033[K' $((i%20+1)) $((i%256)) $((i%200)) $i; done; printf '\0337\033[?6l\033[24;1H\033[7mdrawn, it waits\033[m\0338'; read -r _; printf '\033[?1049l\033[?1002l\033[?6l\033[r\033[?25h'`;

const programs: readonly Program[] = [
  {
    name: 'a program of our own',
    start: drawn,
    runs: 'drawn',
    draw: '',
    settle: '',
    rests: 'drawn, it waits',
    leave: '\n',
  },
  {
    name: 'vim',
    start:
      "vim -u NONE -N -n -i NONE -c 'set mouse=a ttymouse=sgr number ruler laststatus=2 hlsearch' -c 'syntax on' -c 'vsplit' -c '/e' /etc/services",
    runs: '/etc/services',
    draw: ':for i in range(900) | redraw! | endfor\n',
    settle: ":echo 'drawn' . ' again'\n",
    rests: 'drawn again',
    leave: ':qa!\n',
  },
  {
    name: 'top',
    start: 'top -d 0.01',
    runs: 'PID',
    draw: '',
    // It prompts for another delay and waits for the input.
    settle: 'd',
    rests: 'Change delay',
    leave: '\x03',
  },
];

/** Programs that the machine may lack are tested only if installed. One program is always tested. */
const there = ({ name, start }: Program): boolean =>
  start === drawn || spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;

let agent: Awaited<ReturnType<typeof startTestAgent>>;
beforeEach(async () => {
  agent = await startTestAgent({ ring_mib: 1 });
});
afterEach(() => agent.stop());

const onScreen = (expected: Terminal, actual: Terminal): string[] => {
  for (const terminal of [expected, actual]) terminal.options.scrollback = 0;
  return differences(expected, actual);
};

/** Waits until the shell reads a line, because an ending program may discard earlier input. */
const prompts = ({ buffer: { active } }: Terminal): boolean =>
  active.type === 'normal' &&
  active.cursorX === 2 &&
  active
    .getLine(active.baseY + active.cursorY)
    ?.translateToString()
    .startsWith('$ ') === true;

/** Both viewers have rendered the same output, and none follows. */
const level = async (first: ScreenViewer, second: ScreenViewer): Promise<void> => {
  for (let before = -1; before !== first.offset; ) {
    before = first.offset;
    await first.quiet();
    await second.until(() => second.offset >= first.offset);
  }
};

describe('a viewer that attaches when a full-screen program has overflowed the ring', () => {
  it.each(programs.filter(there))(
    'has screen, modes and mouse of $name, cell by cell, and what is below it when it is left',
    { timeout: 90_000 },
    async ({ start, runs, draw, settle, rests, leave }) => {
      const first = new ScreenViewer(agent.hub);
      await first.attach({ create: true });
      first.type("PS1='$ '; PROMPT_COMMAND=''; stty -echo; clear; echo rea''dy\n");
      await first.seen('ready');
      const from = first.offset;
      first.type(`${start}\n`);
      await first.seen(runs);
      first.type(draw);
      await first.until(() => first.offset > from + 1.1 * mib);
      first.type(settle);
      await first.seen(rests);
      const second = new ScreenViewer(agent.hub, first.sessionId);
      await second.attach({ role: Role.ROLE_VIEW });
      await level(first, second);
      expect(second.frames.map((frame) => frame.type)).toEqual(['accepted', 'snapshot', 'gap']);
      expect(onScreen(first.terminal, second.terminal)).toEqual([]);
      first.type(leave);
      await first.until(() => prompts(first.terminal));
      first.type("echo le''ft\n");
      await Promise.all([first.seen('left'), second.seen('left')]);
      await level(first, second);
      expect(onScreen(first.terminal, second.terminal)).toEqual([]);
    },
  );
});
