import { Role } from '@webxterm/contracts/grpc';
import { afterEach, describe, expect, it } from 'vitest';
import { collectGarbage } from './collect-garbage.ts';
import { ScreenViewer } from './screen-viewer.ts';
import { startTestAgent } from './test-agent.ts';
import { TestViewer } from './test-viewer.ts';

const kib = 1024;
const mib = 1024 * kib;
const shells = 6;

let agent: Awaited<ReturnType<typeof startTestAgent>>;
afterEach(() => agent.stop());

/** A shell with echo and prompt off. */
const open = async (): Promise<TestViewer> => {
  const viewer = new TestViewer(agent.hub);
  await viewer.attach({ create: true });
  viewer.type("PS1=''; PS2=''; PROMPT_COMMAND=''; stty -echo; echo rea''dy\n");
  await viewer.seen('ready\r\n');
  viewer.clear();
  viewer.startHash();
  return viewer;
};

/** The shell prints this many numbered lines, and the viewer receives all. */
const flood = (viewer: TestViewer, mebibytes: number): Promise<void> => {
  const from = viewer.hashed;
  viewer.type(`seq 1 1000000000 | head -c ${mebibytes * mib}\n`);
  return viewer.until(() => viewer.hashed >= from + mebibytes * mib);
};

/** Bytes of this process outside its heap: rings, and output in transit. */
const buffers = async (): Promise<number> => {
  await collectGarbage();
  return process.memoryUsage().arrayBuffers;
};

describe('the memory of an agent', () => {
  it('is bounded by one ring for each session and by the number of sessions, whatever they print', {
    timeout: 180_000,
  }, async () => {
    agent = await startTestAgent({ ring_mib: 1, max_sessions: shells });
    const viewers = await Promise.all(Array.from({ length: shells }, open));
    const before = await buffers();
    const grown = async (): Promise<number> => ((await buffers()) - before) / mib;
    for (const mebibytes of [3, 6]) {
      await Promise.all(viewers.map((viewer) => flood(viewer, mebibytes)));
      const now = await grown();
      expect(now).toBeGreaterThan(0.9 * shells);
      // In addition to the rings: at most 16 MiB on their way to the screen emulators, and uncollected garbage of their thread.
      expect(now, `MiB after ${mebibytes} MiB from each shell`).toBeLessThan(shells + 32);
    }

    const refused = await new TestViewer(agent.hub).attach({ create: true });
    expect(refused).toMatchObject({
      type: 'refused',
      code: 'too_many_sessions',
      message: `This machine already has ${shells} sessions. End one and try again.`,
    });
    viewers[0]?.type('exit\n');
    await viewers[0]?.frame('ended');
    expect(await new TestViewer(agent.hub).attach({ create: true })).toMatchObject({ type: 'accepted' });
    await flood(viewers[1] ?? (await open()), 1);
  });
});

describe('a view of a flood', () => {
  it('that is over 2 MiB behind receives its gap, and continues at the first line of the last 256 KiB', async () => {
    agent = await startTestAgent();
    const driver = new TestViewer(agent.hub);
    await driver.attach({ create: true });
    driver.type("PS1=''; stty -echo; echo rea''dy\n");
    await driver.seen('ready\r\n');
    const view = new TestViewer(agent.hub, driver.sessionId);
    view.acks = false;
    await view.attach({ role: Role.ROLE_VIEW });
    // The shell prints no prompt while `cat` runs, so the output is at its end.
    driver.type(`seq 1 1000000000 | head -c ${3 * mib}; echo; echo th""e end; cat\n`);
    await driver.seen('the end\r\n');
    await view.until(() => view.offset >= 64 * kib);
    const stood = view.offset;
    view.acks = true;
    view.ack();
    await view.until(() => view.offset === driver.offset);
    const all = driver.text;
    const line = all.indexOf('\n', all.length - 256 * kib) + 1;
    expect(view.frames.slice(1).filter(({ type }) => type !== 'foreground')).toEqual([
      { type: 'snapshot', offset: line, last: true, payload: Buffer.alloc(0) },
      { type: 'gap', from: stood, to: line },
    ]);
    expect(view.text.slice(stood)).toBe(all.slice(line));
  });
});

describe('a viewer that never acknowledges a picture of the screen', () => {
  it('gets 256 KiB of it and no output, delays no other viewer, and continues when it acknowledges', {
    timeout: 60_000,
  }, async () => {
    agent = await startTestAgent({ ring_mib: 1 });
    const driver = new ScreenViewer(agent.hub);
    await driver.attach({ create: true, cols: 1000, rows: 500 });
    driver.type("PS1=''; stty -echo; clear; echo rea''dy\n");
    await driver.seen('ready');
    // A full screen, then enough output in one of its lines to move the ring on.
    driver.type('yes "$(printf \'x%.0s\' $(seq 990))" | head -n 499\n');
    const moveOn = (mebibytes: number, mark: string): Promise<void> => {
      const bytes = Math.round(mebibytes * mib);
      const from = driver.offset;
      driver.type(`yes "$(printf '\\rmoving on')" | head -c ${bytes} | tr -d '\\n'; printf '\\r${mark}'\n`);
      return driver.until(() => driver.offset > from + 0.9 * bytes && driver.text().includes(mark));
    };
    await moveOn(1.3, 'once');
    const silent = new ScreenViewer(agent.hub, driver.sessionId);
    silent.acks = false;
    await silent.attach({ role: Role.ROLE_VIEW });
    const parts = (): number => silent.of('snapshot').reduce((sum, { payload }) => sum + payload.length, 0);
    await silent.until(() => parts() === 256 * kib);
    await moveOn(4, 'twice');
    await silent.quiet();
    expect([parts(), silent.of('gap').length, silent.offset]).toEqual([256 * kib, 0, 0]);
    silent.acks = true;
    silent.send({ type: 'snapshot_ack', bytes: parts() });
    await silent.until(() => silent.offset === driver.offset);
    // The snapshot's offset is long behind, so the viewer also gets a gap.
    const [whole, anew] = silent.of('gap');
    expect([whole?.from, silent.of('snapshot').at(-1)]).toEqual([
      0,
      expect.objectContaining({ offset: anew?.to, last: true }),
    ]);
    expect(silent.text()).toContain('twice');
  });
});
