import { setTimeout as delay } from 'node:timers/promises';
import type { Row } from '../report.ts';
import { prepare, type Shell } from '../shell.ts';
import { quantile } from '../statistics.ts';
import type { RowGroup } from './row-group.ts';
import { type SideBySide, sideBySide } from './side-by-side.ts';

export interface Echo {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const warmUp = 100;
const settleMs = 500;

/**
 * Types one key at a time and waits for its echo, which the kernel's tty makes: what is measured is the path, not a program.
 * Idle: a short random pause stands between two keys.
 */
export const measureEcho = async (shell: Shell, keys: number): Promise<Echo> => {
  await prepare(shell, 'stty echo -icanon; exec 3>&1');
  shell.type('exec cat >/dev/null\n');
  await delay(settleMs);
  const times: number[] = [];
  for (let sent = 0; sent < keys + warmUp; sent += 1) {
    const at = performance.now();
    const echoed = new Promise<void>((resolve) => shell.onOutput(() => resolve()));
    shell.type('x');
    await echoed;
    if (sent >= warmUp) times.push(performance.now() - at);
    await delay(1 + Math.random() * 4);
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
};

const rowOf = (at: keyof Echo, atMost: number, echoes: SideBySide<Echo>): Row => ({
  name: `key echo, idle, ${at}`,
  unit: 'ms',
  product: echoes.product.map((echo) => echo[at]),
  reference: { name: 'bare path', values: echoes.bare.map((echo) => echo[at]) },
  budget: { kind: 'ratio', atMost },
});

export const echo: RowGroup = {
  name: 'echo',
  about: 'a key from the viewer to the terminal and back, one at a time, beside the bare path',
  measure: async (bed) => {
    const echoes = await sideBySide(bed, 'key echo', (shell) => measureEcho(shell, bed.options.keys));
    return [rowOf('p50', 1.25, echoes), rowOf('p99', 1.5, echoes)];
  },
};
