import { afterEach, describe, expect, it } from 'vitest';
import { BackOff } from './back-off.ts';
import { spawnChild } from './spawn-child.ts';
import { Supervised } from './supervised.ts';

const environment = { PATH: '/usr/bin:/bin' };
const running: Supervised[] = [];

interface Watched {
  readonly supervised: Supervised;
  readonly lines: string[];
  readonly deaths: string[];
  readonly pids: (number | undefined)[];
  readonly gaveUp: Promise<string>;
  /** Resolves when the process has printed `text`. */
  said(text: string): Promise<void>;
}

/** Runs a small program under supervision. */
const watch = (program: string, endWithinMs = 5000): Watched => {
  const lines: string[] = [];
  const deaths: string[] = [];
  const pids: (number | undefined)[] = [];
  const gaveUp = Promise.withResolvers<string>();
  let onLine = (): void => {};
  const supervised = new Supervised({
    name: 'fixture',
    backOff: new BackOff(() => 0),
    launch: (onSpawn) =>
      spawnChild({
        program: process.execPath,
        args: ['-e', program],
        environment,
        folder: '/',
        endWithinMs,
        onSpawn,
        onLine: (line) => {
          lines.push(line);
          onLine();
        },
      }),
    onChange: (pid) => pids.push(pid),
    onDeath: (text) => deaths.push(text),
    onGiveUp: gaveUp.resolve,
  });
  running.push(supervised);
  const said = (text: string): Promise<void> =>
    new Promise((resolve) => {
      onLine = () => {
        if (lines.includes(text)) resolve();
      };
      onLine();
    });
  return { supervised, lines, deaths, pids, gaveUp: gaveUp.promise, said };
};

afterEach(async () => {
  await Promise.all(running.splice(0).map((supervised) => supervised.stop()));
});

const idle = "setInterval(() => {}, 1000); console.log('up')";

describe('a supervised process', () => {
  it('is started again with another pid when it is killed', async () => {
    const { supervised, deaths } = watch(idle);
    await supervised.start();
    const first = supervised.pid;
    const second = await supervised.kill();
    expect(second).not.toBe(first);
    expect(supervised.pid).toBe(second);
    expect(deaths).toEqual(['fixture was ended by SIGKILL; starting it again']);
  });

  it('is not started again after it was stopped on request', async () => {
    const { supervised, deaths, pids } = watch(idle);
    await supervised.start();
    const { pid } = supervised;
    await supervised.stop();
    expect(supervised.pid).toBeUndefined();
    expect(deaths).toEqual([]);
    expect(pids).toEqual([pid, undefined]);
  });

  it('is killed if it ignores SIGTERM until the deadline', async () => {
    const { supervised, said } = watch(`process.on('SIGTERM', () => console.log('deaf')); ${idle}`, 50);
    await supervised.start();
    await said('up');
    await supervised.stop();
    expect(supervised.pid).toBeUndefined();
  });

  it('is given up if it repeatedly exits for wrong settings', async () => {
    const { supervised, gaveUp, deaths } = watch('process.exit(2)');
    await supervised.start();
    expect(await gaveUp).toMatch(/settings are invalid/);
    expect(deaths).toHaveLength(4);
  });

  it('has its output read by lines, from both streams', async () => {
    const { supervised, lines, said } = watch(`console.error('to stderr'); process.stdout.write('a\\nb'); ${idle}`);
    await supervised.start();
    await said('bup');
    await said('to stderr');
    expect(lines.toSorted()).toEqual(['a', 'bup', 'to stderr']);
  });

  it('may be stopped and started again', async () => {
    const { supervised } = watch(idle);
    await supervised.start();
    const first = supervised.pid;
    await supervised.restart();
    expect(supervised.pid).not.toBe(first);
    expect(supervised.pid).toBeDefined();
  });

  it('that cannot be run at all fails the start', async () => {
    const supervised = new Supervised({
      name: 'nothing',
      launch: (onSpawn) =>
        spawnChild({
          program: '/nowhere',
          args: [],
          environment,
          folder: '/',
          endWithinMs: 1,
          onSpawn,
          onLine: () => {},
        }),
      onChange: () => {},
      onDeath: () => {},
      onGiveUp: () => {},
    });
    await expect(supervised.start()).rejects.toThrow('/nowhere cannot be started');
  });
});
