import { setTimeout as passed } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
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
beforeAll(async () => {
  bed = await makeBed();
});
afterAll(() => bed.stop());

/** Slow output, a flood and typing at once, each through a terminal of its own. */
const openAll = async (): Promise<NumberedTerminal[]> => {
  const terminals = (['slow', 'flood', 'echo'] as const).map(
    (load) => new NumberedTerminal(bed.rest, bed.agentId, { load, rate, doorPort: bed.door.port }),
  );
  await Promise.all(terminals.map((terminal) => terminal.start()));
  return terminals;
};

const recovered = (terminals: readonly NumberedTerminal[]): Promise<unknown> =>
  Promise.all(terminals.map((terminal) => terminal.past(beyond[terminal.load], recoversWithin)));

const wellAgain = async (): Promise<void> => {
  await bed.stack.healthy();
  await eventually('the machine is online', async () =>
    (await bed.rest.machines()).some((machine) => machine.status === 'online') ? true : undefined,
  );
};

/** Every byte that was written came once and in order, and every byte typed was applied once and in order. */
const throughout = async (
  fault: (terminals: readonly NumberedTerminal[]) => Promise<void>,
): Promise<NumberedTerminal[]> => {
  const terminals = await openAll();
  await recovered(terminals);
  await fault(terminals);
  await recovered(terminals);
  await Promise.all(terminals.map((terminal) => terminal.finish(recoversWithin)));
  await wellAgain();
  return terminals;
};

const breaks = (terminals: readonly NumberedTerminal[]): number[] => terminals.map(({ terminal }) => terminal.breaks);

describe('no byte is lost or doubled, under slow output, a flood, and typing', () => {
  it.each(['gateway', 'terminal', 'agent-hub'])('when every instance of %s is killed in turn', async (service) => {
    const terminals = await throughout(async (open) => {
      for (const { name } of bed.stack.processes().filter((process) => process.name.startsWith(service))) {
        await bed.stack.kill(name);
        await recovered(open);
        await bed.stack.healthy();
      }
    });
    const seen = breaks(terminals);
    // Each viewer hangs on one gateway and one terminal service, the first of which may send it to the one killed next.
    if (service === 'agent-hub') expect(seen).toEqual([0, 0, 0]);
    else if (service === 'gateway') expect(seen).toEqual([1, 1, 1]);
    else for (const count of seen) expect([1, 2]).toContain(count);
  });

  it.each(['terminal', 'agent-hub'])('when every instance of %s freezes in turn', async (service) => {
    await throughout(async (open) => {
      for (const name of [`${service}-1`, `${service}-2`]) {
        bed.signal(name, 'SIGSTOP');
        try {
          await recovered(open);
        } finally {
          bed.signal(name, 'SIGCONT');
        }
        await recovered(open);
        await bed.stack.healthy();
      }
    });
  });

  it('when the agent freezes until everybody has noticed', async () => {
    const terminals = await throughout(async (open) => {
      bed.agent.kill('SIGSTOP');
      try {
        await Promise.all(
          open.map((terminal) => terminal.until('unreachable', () => terminal.states.includes('unreachable'))),
        );
      } finally {
        bed.agent.kill('SIGCONT');
      }
    });
    expect(breaks(terminals)).toEqual([0, 0, 0]);
  });

  it.each(['door', 'link'] as const)('when all connections at the %s are reset', async (place) => {
    const terminals = await throughout(async () => bed[place].cut());
    expect(breaks(terminals)).toEqual(place === 'door' ? [1, 1, 1] : [0, 0, 0]);
  });

  it.each(['door', 'link'] as const)('when all connections at the %s turn half-open', async (place) => {
    const terminals = await throughout(async () => bed[place].swallow());
    expect(breaks(terminals)).toEqual(place === 'door' ? [1, 1, 1] : [0, 0, 0]);
  });

  it.each(['nats', 'mongod'])('and no open terminal notices that %s is gone for a while', async (server) => {
    const terminals = await throughout(async (open) => {
      await bed.stack.stopProcess(server);
      try {
        await passed(outageMs);
        await recovered(open);
      } finally {
        await bed.stack.startProcess(server);
      }
    });
    expect(terminals.flatMap(({ states }) => states).filter((state) => state !== 'live' && state !== 'ended')).toEqual(
      [],
    );
  });
});
