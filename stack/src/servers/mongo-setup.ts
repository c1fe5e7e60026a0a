import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient, type MongoClientOptions, MongoNetworkError, MongoServerError } from 'mongodb';
import { z } from 'zod';
import { reasonOf, StackFailure } from '../failure.ts';
import { addMembers } from './mongo-members.ts';
import { databaseOf, type MongoUser, mongoUsers, replicaSet } from './mongo-users.ts';

export interface MongoSetup {
  readonly port: number;
  /**
   * The server runs on another host, under `memberName`. Without users, an empty server accepts only local clients and clients with the
   * replica set's key, as its members have. Undefined: it runs on this machine.
   */
  readonly remote?: { readonly keyfile: string };
  /** Name under which the services connect to the machine. Default: 127.0.0.1. */
  readonly memberName?: string;
  /** host:port of the other members of its replica set, which share its keyfile. Missing members are added; none is removed. */
  readonly otherMembers?: readonly string[];
  readonly rootPassword: string;
  readonly passwords: Readonly<Record<MongoUser, string>>;
}

export const rootUser = 'root';

const answerWithinMs = 20_000;
const primaryWithinMs = 30_000;
const configWithinMs = 60_000;
const lookAgainMs = 25;

/** Error codes of the server. */
const unauthorized = 13;
const authenticationFailed = 18;
const alreadyInitialized = 23;
const notYetInitialized = 94;
const userExists = 51_003;

const isServerError = (error: unknown, ...codes: number[]): boolean =>
  error instanceof MongoServerError && codes.includes(Number(error.code));

const connect = (setup: MongoSetup, options: MongoClientOptions = {}): Promise<MongoClient> =>
  new MongoClient(`mongodb://${setup.remote === undefined ? '127.0.0.1' : setup.memberName}:${setup.port}/admin`, {
    directConnection: true,
    serverSelectionTimeoutMS: answerWithinMs,
    ...options,
  }).connect();

const memberOf = (setup: MongoSetup): string => `${setup.memberName ?? '127.0.0.1'}:${setup.port}`;

const connectAsRoot = (setup: MongoSetup): Promise<MongoClient> =>
  connect(setup, { auth: { username: rootUser, password: setup.rootPassword }, authSource: 'admin' });

/** Connects to the primary, which may be a member on another host. */
const withPrimary = async (setup: MongoSetup, use: (client: MongoClient) => Promise<void>): Promise<void> => {
  const client = await connect(setup, {
    auth: { username: rootUser, password: setup.rootPassword },
    authSource: 'admin',
    directConnection: false,
    replicaSet,
  });
  try {
    await use(client);
  } finally {
    await client.close();
  }
};

const untilPrimary = async (client: MongoClient): Promise<void> => {
  const deadline = performance.now() + primaryWithinMs;
  while (!(await client.db('admin').command({ hello: 1 })).isWritablePrimary) {
    if (performance.now() > deadline)
      throw new Error(`the replica set has no primary after ${primaryWithinMs / 1000} s`);
    await wait(lookAgainMs);
  }
};

const ignoring = async (command: Promise<unknown>, ...codes: number[]): Promise<void> => {
  try {
    await command;
  } catch (error) {
    if (!isServerError(error, ...codes)) throw error;
  }
};

/** Signs in as the internal user of replica set members. Its password is the keyfile without white space. */
const connectAsFirst = (setup: MongoSetup): Promise<MongoClient> =>
  setup.remote === undefined
    ? connect(setup)
    : connect(setup, {
        auth: { username: '__system', password: setup.remote.keyfile.replace(/\s/g, '') },
        authSource: 'local',
      });

/** Initiates the replica set and creates the first user. An empty server lets a local client do that without a user. */
const initiate = async (setup: MongoSetup): Promise<void> => {
  const client = await connectAsFirst(setup);
  try {
    const admin = client.db('admin');
    const config = { _id: replicaSet, members: [{ _id: 0, host: memberOf(setup) }] };
    await ignoring(admin.command({ replSetInitiate: config }), alreadyInitialized, unauthorized);
    await untilPrimary(client);
    await ignoring(admin.command({ createUser: rootUser, pwd: setup.rootPassword, roles: ['root'] }), userExists);
  } catch (error) {
    if (isServerError(error, unauthorized))
      throw new StackFailure(
        'mongod has users already, but not with the passwords in secrets/: the data folder and its secrets do not belong together. Put the right secrets back, or start on an empty data folder (another WEBXTERM_DATA_DIR; with Compose another volume)',
      );
    throw error;
  } finally {
    await client.close();
  }
};

const ReplicaSetConfig = z.looseObject({
  version: z.number(),
  members: z.array(z.looseObject({ host: z.string() })).min(1),
});

/** A node that does not find itself in its configuration first checks every member, which takes a while. */
const loadedConfig = async (client: MongoClient): Promise<z.output<typeof ReplicaSetConfig>> => {
  const deadline = performance.now() + configWithinMs;
  for (;;) {
    try {
      const { config } = await client.db('admin').command({ replSetGetConfig: 1 });
      return ReplicaSetConfig.parse(config);
    } catch (error) {
      if (!isServerError(error, notYetInitialized) || performance.now() > deadline) throw error;
      await wait(lookAgainMs);
    }
  }
};

/** Updates the port in the replica set's configuration. After a change of the port, the node would not find itself in it. */
const followPort = async (client: MongoClient, host: string): Promise<void> => {
  const config = await loadedConfig(client);
  if (config.members.length > 1 || config.members.every((member) => member.host === host)) return;
  const moved = {
    ...config,
    version: config.version + 1,
    members: config.members.map((member) => ({ ...member, host })),
  };
  await client.db('admin').command({ replSetReconfig: moved, force: true });
};

const makeUsers = async (client: MongoClient, setup: MongoSetup): Promise<void> => {
  const admin = client.db('admin');
  for (const user of mongoUsers) {
    const roles = ['readWrite', 'dbAdmin'].map((role) => ({ role, db: databaseOf(user) }));
    await ignoring(admin.command({ createUser: user, pwd: setup.passwords[user], roles }), userExists);
  }
};

const rootOrUndefined = async (setup: MongoSetup): Promise<MongoClient | undefined> => {
  try {
    return await connectAsRoot(setup);
  } catch (error) {
    if (isServerError(error, authenticationFailed)) return undefined;
    throw error;
  }
};

const setUpOnce = async (setup: MongoSetup): Promise<void> => {
  let client: MongoClient | undefined;
  try {
    client = await rootOrUndefined(setup);
    if (client === undefined) {
      await initiate(setup);
      client = await connectAsRoot(setup);
    }
    await followPort(client, memberOf(setup));
    const { otherMembers = [] } = setup;
    if (otherMembers.length === 0) {
      await untilPrimary(client);
      await makeUsers(client, setup);
    } else {
      await withPrimary(setup, async (primary) => {
        await makeUsers(primary, setup);
        await addMembers(primary, otherMembers);
      });
    }
  } finally {
    await client?.close();
  }
};

/**
 * Repeats the set-up when the server closes its connection. A node does that when it does not find itself in its configuration, as after a
 * start on another port.
 */
export const repeatWhenClosed = async (setUp: () => Promise<void>): Promise<void> => {
  const deadline = performance.now() + configWithinMs;
  for (;;) {
    try {
      return await setUp();
    } catch (error) {
      if (!(error instanceof MongoNetworkError) || performance.now() > deadline) throw error;
      await wait(lookAgainMs);
    }
  }
};

/**
 * Sets up a started mongod: a replica set of one node (or of several, with `otherMembers`), root, and one user per service with access to
 * its own database only. Existing objects are kept, so it can run at each start, also after an interrupted one.
 * @throws StackFailure if the set-up fails
 */
export const setUpMongo = async (setup: MongoSetup): Promise<void> => {
  try {
    await repeatWhenClosed(() => setUpOnce(setup));
  } catch (error) {
    if (error instanceof StackFailure) throw error;
    throw new StackFailure(`mongod on port ${setup.port} cannot be set up: ${reasonOf(error)}`, { cause: error });
  }
};
