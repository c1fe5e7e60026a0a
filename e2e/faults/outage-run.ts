import { eventually } from '../support/rest.ts';
import { type Prepared, prepare } from './outage-operations.ts';
import type { Answer, FaultId, OperationId } from './outage-table.ts';
import { allBuckets, allStreams, type OutageWorld, type ServiceWithClock } from './outage-world.ts';

/** How a fault begins and ends. Each resolves when the services have noticed. */
export interface Fault {
  begin(world: OutageWorld): Promise<void>;
  end(world: OutageWorld): Promise<void>;
}

const named = (world: OutageWorld, what: string): Promise<unknown> =>
  eventually(`health names ${what}`, async () => ((await world.health()).includes(what) ? true : undefined), 40_000);

const inTokens = (world: OutageWorld, seconds: number): Promise<unknown> =>
  eventually(`tokens are issued ${seconds} s off`, async () => {
    const { token = '' } = await world.signIn(world.owner);
    const { iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return Math.abs(iat - seconds - Date.now() / 1000) < 5 ? true : undefined;
  });

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

/** Moves the wall clock of one service. */
export const clock = (service: ServiceWithClock, seconds: number): Fault => ({
  begin: async (world) => {
    world.shiftClock(service, seconds);
    // Auth names a difference from 25 s on. A smaller one shows in the tokens that it issues.
    if (service === 'auth' && Math.abs(seconds) < 25) await inTokens(world, seconds);
    else await named(world, `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'}`);
  },
  end: async (world) => world.shiftClock(service, 0),
});

const slowly = ['find', 'insert', 'update', 'delete', 'aggregate', 'findAndModify', 'count', 'commitTransaction'];
const failPoint = { configureFailPoint: 'failCommand' } as const;

export const injections: Readonly<Record<FaultId, Fault>> = {
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
 * @returns what differs from the answers that are allowed
 */
export const differences = async (
  world: OutageWorld,
  fault: Fault,
  allowed: (operation: OperationId) => readonly Answer[],
  operations: readonly OperationId[],
): Promise<string[]> => {
  const prepared: { id: OperationId; operation: Prepared }[] = [];
  for (const id of operations) prepared.push({ id, operation: await prepare[id](world) });
  const during = new Map<OperationId, Answer | Error>();
  await fault.begin(world);
  try {
    await Promise.all(
      prepared.map(async ({ id, operation }) => {
        during.set(id, await operation.attempt().catch((error: unknown) => new Error(String(error))));
      }),
    );
  } finally {
    await fault.end(world);
  }
  await world.recovered();
  const problems: string[] = [];
  await Promise.all(
    prepared.map(async ({ id, operation }) => {
      const answer = during.get(id);
      if (answer === undefined) return;
      const wanted = allowed(id);
      if (answer instanceof Error) problems.push(`${id}, during: ${answer.message}`);
      else if (!wanted.includes(answer)) problems.push(`${id}, during: ${answer}, not ${wanted.join(' or ')}`);
      await operation.settle(answer instanceof Error ? '503' : answer).catch((error: unknown) => {
        problems.push(`${id}, after: ${String(error)}`);
      });
    }),
  );
  return problems;
};
