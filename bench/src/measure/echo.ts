import { prepare, type Shell } from '../shell.ts';
import { quantile } from '../statistics.ts';

export interface Echo {
  /** Milliseconds. */
  p50: number;
  p99: number;
}

const warmUp = 100;

/**
 * Types one key at a time and waits for its echo, which the kernel's tty makes: what is measured is the path, not a program.
 * Idle: a short random pause stands between two keys.
 */
export const measureEcho = async (shell: Shell, keys: number): Promise<Echo> => {
  await prepare(shell, 'stty echo -icanon; exec 3>&1');
  shell.type('exec cat >/dev/null\n');
  await new Promise((resolve) => setTimeout(resolve, 500));
  const times: number[] = [];
  for (let sent = 0; sent < keys + warmUp; sent += 1) {
    const at = performance.now();
    const echoed = new Promise<void>((resolve) => shell.onOutput(() => resolve()));
    shell.type('x');
    await echoed;
    if (sent >= warmUp) times.push(performance.now() - at);
    await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 4));
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
};
