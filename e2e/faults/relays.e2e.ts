import { readFileSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { NodeTerminal } from '../support/node-terminal.ts';
import { ownMachine, rest, stack, useStack } from '../support/use-stack.ts';
import { NumberedTerminal } from './numbered-terminal.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** How much goes by the slow view, MiB; `npm run faults -- --flood 1024` makes it a gigabyte. */
    floodMiB: number | undefined;
  }
}

const mega = 1024 * 1024;
const floodMiB = inject('floodMiB') ?? 120;
const slow = mega;
const fast = 1000 * mega;

useStack();

const started = async (load: 'flood' | 'echo' | 'slow', rate: number): Promise<NumberedTerminal> => {
  const terminal = new NumberedTerminal(rest, ownMachine.agent_id, { load, rate });
  await terminal.start();
  return terminal;
};

/** A viewer of another user's session that renders 1 MB/s, and so receives gaps. */
const slowView = (sessionId: string | undefined): { view: NodeTerminal; bytes: () => number } => {
  let bytes = 0;
  let paidUntil = 0;
  const view = new NodeTerminal(rest, ownMachine.agent_id, {
    ...(sessionId === undefined ? {} : { sessionId }),
    mode: 'view',
    gap: () => {},
    take: (output, rendered) => {
      bytes += output.length;
      paidUntil = Math.max(performance.now(), paidUntil) + (output.length / slow) * 1000;
      setTimeout(rendered, paidUntil - performance.now());
    },
  });
  return { view, bytes: () => bytes };
};

/** MiB of memory that the relays have. */
const memory = (): Map<string, number> => {
  const relays = stack.processes().filter(({ name }) => /^(gateway|terminal|agent-hub)/.test(name));
  return new Map(
    relays.map(({ name, pid }) => {
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return [name, Number(kib) / 1024];
    }),
  );
};

const secondsFor = async (terminal: NumberedTerminal, bytes: number): Promise<number> => {
  const from = performance.now();
  await terminal.past(bytes, 60_000 + (bytes / mega) * 500);
  return (performance.now() - from) / 1000;
};

describe('a viewer of 1 MB/s under a flood', () => {
  it('without control adds no memory to the relays, and does not slow the driver', async () => {
    const driver = await started('flood', fast);
    const alone = await secondsFor(driver, 20 * mega);
    const { view, bytes } = slowView(driver.terminal.sessionId);
    await view.untilLive();
    await driver.past(40 * mega, 60_000);
    const before = memory();
    const seconds = await secondsFor(driver, floodMiB * mega);
    for (const [name, after] of memory()) {
      const grown = after - (before.get(name) ?? 0);
      process.stdout.write(`${name}: ${grown.toFixed(1)} MiB more, ${(grown / floodMiB).toFixed(4)} per MiB passed\n`);
      // A relay that kept a third of what went by would show; the heap alone moves by 20 MiB on a busy machine.
      expect(grown, `${name} grew by ${grown.toFixed(1)} MiB`).toBeLessThan(40);
    }
    // Held to the view's pace it would be many times slower; the view itself costs some of the processor.
    expect(floodMiB / seconds, `MB/s, while the view had ${bytes()} bytes`).toBeGreaterThan((0.4 * 20) / alone);
    view.close();
    await driver.finish();
  });

  it('as the driver slows its own shell, and no other session of that machine', async () => {
    const other = await started('flood', fast);
    const alone = await secondsFor(other, 20 * mega);
    const driver = await started('flood', slow);
    await driver.past(mega);
    const from = driver.position;
    const seconds = await secondsFor(other, 30 * mega);
    expect(30 / seconds, 'MB/s of the other').toBeGreaterThan((0.4 * 20) / alone);
    // It has its own pace, and little more than a blink of output before it.
    expect((driver.position - from) / seconds).toBeLessThan(2 * slow);
    const typist = await started('echo', fast);
    await typist.past(1024, 10_000);
    await Promise.all([driver.finish(), other.finish(), typist.finish()]);
  });
});
