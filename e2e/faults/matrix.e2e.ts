import { setTimeout as passed } from 'node:timers/promises';
import type { Machine } from '@webxterm/contracts/rest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/rest.ts';
import { type Bed, makeBed } from './bed.ts';
import { NumberedTerminal } from './numbered-terminal.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** How long NATS and MongoDB stay away, ms; `npm run faults` makes it a minute. */
    outageMs: number | undefined;
  }
}

/** Bytes per second that the viewers render: far less than the shell could write, so that the flood waits for its driver. */
const rate = 2 * 1024 * 1024;
/** More than what may have been on its way at a fault: who has got so much more has it from behind the fault. */
const beyond = { slow: 1024, flood: 1024 * 1024, echo: 1024 };
/** A generous bound; the figures of 02 section 2.4 are the bench's to measure. */
const recoversWithin = 20_000;

/** Seconds where every push waits for it. */
const outageMs = inject('outageMs') ?? 10_000;

let bed: Bed;
/** Slow output, a flood and typing at once, each through a terminal of its own that goes from one fault into the next. */
let terminals: NumberedTerminal[] = [];

beforeAll(async () => {
  bed = await makeBed();
});
afterAll(() => bed.stop());

beforeEach(async () => {
  if (terminals.length > 0) return;
  terminals = (['slow', 'flood', 'echo'] as const).map(
    (load) => new NumberedTerminal(bed.rest, bed.agentId, { load, rate, gatewayPort: bed.gateway.port }),
  );
  await Promise.all(terminals.map((terminal) => terminal.start()));
});
afterEach(({ task }) => {
  // An effect of one fault must not appear again in the next.
  if (task.result?.state === 'fail') for (const { terminal } of terminals.splice(0)) terminal.close();
});

const recovered = (): Promise<unknown> =>
  Promise.all(terminals.map((terminal) => terminal.past(beyond[terminal.load], recoversWithin)));

const wellAgain = async (): Promise<void> => {
  await bed.stack.healthy();
  await eventually('the machine is online', async () =>
    (await bed.rest.machines()).some((machine) => machine.status === 'online') ? true : undefined,
  );
};

/**
 * Each byte that comes is looked at: one that is lost, doubled or out of place fails its terminal there and then.
 * @returns how often each terminal's connection broke meanwhile
 */
const throughout = async (fault: () => Promise<void>): Promise<number[]> => {
  await recovered();
  const before = terminals.map(({ terminal }) => terminal.breaks);
  for (const terminal of terminals) terminal.states.length = 0;
  await fault();
  await recovered();
  await wellAgain();
  return terminals.map(({ terminal }, index) => terminal.breaks - (before[index] ?? 0));
};

/** Reads the status of the machine in the list, again and again until the returned function is called. */
const watchStatus = (): (() => Promise<Set<string>>) => {
  const seen = new Set<string>();
  let watching = true;
  const watcher = (async () => {
    while (watching) {
      const { status: answered, body } = await bed.rest.get<{ machines: Machine[] }>('/api/machines');
      // A list of sign-ins that is too old lets nobody in. That is not a machine that is shown offline.
      if (answered === 200) for (const { status } of body.machines) seen.add(status);
      else expect(answered).toBe(503);
      await passed(250);
    }
  })();
  // Reported when it is awaited, not before.
  watcher.catch(() => undefined);
  return async () => {
    watching = false;
    await watcher;
    return seen;
  };
};

describe('no byte is lost or doubled, under slow output, a flood, and typing', () => {
  it.each(['gateway', 'terminal', 'agent-hub'])('when every instance of %s is killed in turn', async (service) => {
    const breaks = await throughout(async () => {
      for (const { name } of bed.stack.processes().filter((process) => process.name.startsWith(service))) {
        await bed.stack.kill(name);
        await recovered();
        await bed.stack.healthy();
      }
    });
    // Each viewer hangs on one gateway and one terminal service, the first of which may send it to the one killed next.
    if (service === 'agent-hub') expect(breaks).toEqual([0, 0, 0]);
    else if (service === 'gateway') expect(breaks).toEqual([1, 1, 1]);
    else for (const count of breaks) expect([1, 2]).toContain(count);
  });

  it.each(['terminal', 'agent-hub'])('when every instance of %s freezes in turn', async (service) => {
    await throughout(async () => {
      for (const name of [`${service}-1`, `${service}-2`]) {
        bed.signal(name, 'SIGSTOP');
        try {
          await recovered();
        } finally {
          bed.signal(name, 'SIGCONT');
        }
        await recovered();
        await bed.stack.healthy();
      }
    });
  });

  it('when the agent freezes until every peer has detected it', async () => {
    const breaks = await throughout(async () => {
      bed.agent.kill('SIGSTOP');
      try {
        await Promise.all(
          terminals.map((terminal) => terminal.until('unreachable', () => terminal.states.includes('unreachable'))),
        );
      } finally {
        bed.agent.kill('SIGCONT');
      }
    });
    expect(breaks).toEqual([0, 0, 0]);
  });

  it.each(['gateway', 'link'] as const)('when all connections at the %s are reset', async (place) => {
    const breaks = await throughout(async () => bed[place].cut());
    expect(breaks).toEqual(place === 'gateway' ? [1, 1, 1] : [0, 0, 0]);
  });

  it.each(['gateway', 'link'] as const)('when all connections at the %s turn half-open', async (place) => {
    const breaks = await throughout(async () => bed[place].swallow());
    expect(breaks).toEqual(place === 'gateway' ? [1, 1, 1] : [0, 0, 0]);
  });

  it.each(['nats', 'mongod'])('and no open terminal is affected by an outage of %s', async (server) => {
    // NATS first reports the leases that expired meanwhile. No machine may be shown as offline for that.
    const watched = server === 'nats' ? watchStatus() : undefined;
    await throughout(async () => {
      await bed.stack.stopProcess(server);
      try {
        await passed(outageMs);
        await recovered();
      } finally {
        await bed.stack.startProcess(server);
      }
    });
    expect(terminals.flatMap(({ states }) => states)).toEqual([]);
    if (watched !== undefined) expect([...(await watched())]).toEqual(['online']);
  });

  it('and at the end the viewer has all output of the shell, and the shell all input of the viewer', async () => {
    await Promise.all(terminals.map((terminal) => terminal.finish(recoversWithin)));
  });
});
