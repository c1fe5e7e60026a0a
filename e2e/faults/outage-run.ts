import { eventually } from '../support/rest.ts';
import { type Prepared, prepare } from './outage-operations.ts';
import { type Answer, answers, type FaultId, type OperationId } from './outage-table.ts';
import { allBuckets, allStreams, type OutageWorld, type ServiceWithClock } from './outage-world.ts';

/** How a fault begins and ends. Each resolves when the services have noticed. */
interface Fault {
  begin(world: OutageWorld): Promise<void>;
  end(world: OutageWorld): Promise<void>;
}

const named = (world: OutageWorld, what: string): Promise<unknown> =>
  eventually(`health names ${what}`, async () => ((await world.health()).includes(what) ? true : undefined), 40_000);

const away = (...servers: readonly string[]): Fault => ({
  begin: async ({ stack }) => {
    await Promise.all(servers.map((server) => stack.stopProcess(server)));
  },
  end: async ({ stack }) => {
    await Promise.all(servers.map((server) => stack.startProcess(server)));
  },
});

const lost = (streams: readonly string[]): Fault => ({
  begin: (world) => world.loseStreams(...streams),
  end: async () => {},
});

const mongo = (begin: Record<string, unknown>, end: Record<string, unknown>): Fault => ({
  begin: (world) => world.mongo(begin),
  end: (world) => world.mongo(end),
});

const clock = (service: ServiceWithClock, seconds: number): Fault => ({
  begin: async (world) => {
    world.shiftClock(service, seconds);
    await named(world, `${seconds} s ahead of`);
  },
  end: async (world) => world.shiftClock(service, 0),
});

const slowly = ['find', 'insert', 'update', 'delete', 'aggregate', 'findAndModify', 'count', 'commitTransaction'];
const failPoint = { configureFailPoint: 'failCommand' } as const;

const injections: Readonly<Record<FaultId, Fault>> = {
  'mongo-away': away('mongod'),
  'nats-away': away('nats'),
  'both-away': away('mongod', 'nats'),
  'streams-lost': lost(allStreams),
  'buckets-lost': lost(allBuckets),
  'no-primary': mongo({ replSetStepDown: 600, force: true }, { replSetFreeze: 0 }),
  'read-only': mongo({ setUserWriteBlockMode: 1, global: true }, { setUserWriteBlockMode: 1, global: false }),
  slow: mongo(
    {
      ...failPoint,
      mode: 'alwaysOn',
      data: { failCommands: slowly, blockConnection: true, blockTimeMS: 2000 },
    },
    { ...failPoint, mode: 'off' },
  ),
  'clock-auth-40': clock('auth', 40),
  'clock-hub-100': clock('agent-hub', 100),
};

/**
 * Prepares the operations, tries them during the fault, and repeats after it what was not carried out.
 * @returns what differs from the table
 */
export const differences = async (
  world: OutageWorld,
  fault: FaultId,
  operations: readonly OperationId[],
): Promise<string[]> => {
  const prepared: { id: OperationId; operation: Prepared }[] = [];
  for (const id of operations) prepared.push({ id, operation: await prepare[id](world) });
  const during = new Map<OperationId, Answer | Error>();
  await injections[fault].begin(world);
  try {
    await Promise.all(
      prepared.map(async ({ id, operation }) => {
        during.set(id, await operation.attempt().catch((error: unknown) => new Error(String(error))));
      }),
    );
  } finally {
    await injections[fault].end(world);
  }
  await world.recovered();
  const problems: string[] = [];
  await Promise.all(
    prepared.map(async ({ id, operation }) => {
      const answer = during.get(id);
      if (answer === undefined) return;
      const allowed = answers[id][fault];
      if (answer instanceof Error) problems.push(`${id}, during: ${answer.message}`);
      else if (!allowed.includes(answer)) problems.push(`${id}, during: ${answer}, not ${allowed.join(' or ')}`);
      await operation.settle(answer instanceof Error ? '503' : answer).catch((error: unknown) => {
        problems.push(`${id}, after: ${String(error)}`);
      });
    }),
  );
  return problems;
};
