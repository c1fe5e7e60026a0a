import { setTimeout as wait } from 'node:timers/promises';
import { type MongoClient, MongoServerError } from 'mongodb';
import { z } from 'zod';

// Adds members to an existing replica set.

const joinedWithinMs = 120_000;
const lookAgainMs = 100;
/** Error codes while the configuration of the previous addition is not in effect on all members yet. */
const tooEarly = [103, 109, 308];

const Config = z.looseObject({
  version: z.number(),
  members: z.array(z.looseObject({ _id: z.number(), host: z.string() })),
});
const Status = z.looseObject({ members: z.array(z.looseObject({ name: z.string(), stateStr: z.string() })) });

/** @returns whether it is a member now */
const tryToAdd = async (client: MongoClient, host: string): Promise<boolean> => {
  const admin = client.db('admin');
  const config = Config.parse((await admin.command({ replSetGetConfig: 1 })).config);
  if (config.members.some((member) => member.host === host)) return true;
  const _id = Math.max(...config.members.map((member) => member._id)) + 1;
  const wider = { ...config, version: config.version + 1, members: [...config.members, { _id, host }] };
  try {
    await admin.command({ replSetReconfig: wider });
    return true;
  } catch (error) {
    if (error instanceof MongoServerError && tooEarly.includes(Number(error.code))) return false;
    throw error;
  }
};

const stateOf = async (client: MongoClient, host: string): Promise<string> => {
  const { members } = Status.parse(await client.db('admin').command({ replSetGetStatus: 1 }));
  return members.find(({ name }) => name === host)?.stateStr ?? 'not a member';
};

/**
 * Resolves when each of `hosts` (host:port) is a member and has a copy of the data.
 * @param client root at the primary
 * @throws Error that names the host that is not a member
 */
export const addMembers = async (client: MongoClient, hosts: readonly string[]): Promise<void> => {
  for (const host of hosts) {
    const deadline = performance.now() + joinedWithinMs;
    let state = 'not a member';
    while (state !== 'SECONDARY' && state !== 'PRIMARY') {
      if (performance.now() > deadline)
        throw new Error(`${host} is ${state} after ${joinedWithinMs / 1000} s: its log says why`);
      if (await tryToAdd(client, host)) state = await stateOf(client, host);
      await wait(lookAgainMs);
    }
  }
};
