import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type BusUser, inboxPrefix } from '@webxterm/contracts/bus';
import { MongoClient } from 'mongodb';
import { DocumentedAnswers } from '../support/documented-answers.ts';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, onlineMachine, Rest } from '../support/rest.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { type AgentRun, VsayAgent } from '../support/vsay-agent.ts';

/** Somebody with an account, signed in. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly apiKey: string;
  readonly rest: Rest;
}

/** The users of the tests, by their access to the one machine. */
export interface Cast {
  readonly admin: Person;
  /** Of the machine. */
  readonly owner: Person;
  /** Was granted control. */
  readonly control: Person;
  /** Was granted view. */
  readonly view: Person;
  /** Administrators while the route matrix runs, and granted view and control. */
  readonly adminView: Person;
  readonly adminControl: Person;
  /** May open terminals by a grant to a group. */
  readonly byGroup: Person;
  /** Sees it by a grant on a tag. */
  readonly byTag: Person;
  /** Has an account and nothing else. */
  readonly other: Person;
  /** Was signed in when the account was disabled. */
  readonly disabled: Person;
  /** Has signed out. */
  readonly ended: Person;
}

/** One stack, with people on it, for all attacks. */
export interface World {
  readonly stack: TestStack;
  readonly cast: Cast;
  readonly agentId: string;
  /** The answers of each route that OpenAPI declares. */
  readonly documented: DocumentedAnswers;
  /** A live session of `control` on the machine. */
  readonly session: RawTerminal;
  /** The secrets that were used. No log may contain one. */
  readonly secrets: Set<string>;
  /** Makes another account. */
  person(name: string): Promise<Person>;
  /** In the place of a service: its own user on the bus. */
  bus(user: BusUser): Promise<NatsConnection>;
  /** In the place of a service: its own user in the database. */
  mongo(user: Exclude<BusUser, 'init'>): Promise<MongoClient>;
  secretFile(name: string): string;
  stop(): Promise<void>;
}

const signUp = async (stack: TestStack, name: string, secrets: Set<string>): Promise<Person> => {
  const password = randomBytes(18).toString('base64url');
  const account = { username: name, email: `${name.replaceAll(/\W/g, '.')}@example.com`, password };
  const answer = await new Rest(stack.url).post<{ token: string; user: { id: string; api_key: string } }>(
    '/api/signup',
    account,
  );
  if (answer.status !== 201) throw new Error(`sign-up failed: ${answer.status} ${JSON.stringify(answer.body)}`);
  const { token, user } = answer.body;
  for (const secret of [password, token, user.api_key]) secrets.add(secret);
  const { username, ...rest } = account;
  return { ...rest, name: username, id: user.id, token, apiKey: user.api_key, rest: new Rest(stack.url, token) };
};

const signInAdmin = async (stack: TestStack, secrets: Set<string>): Promise<Person> => {
  const { token, user } = await new Rest(stack.url).login(stack.admin);
  for (const secret of [stack.admin.password, token, user.api_key]) secrets.add(secret);
  const { id, username: name, api_key: apiKey } = user;
  return { ...stack.admin, id, name, token, apiKey, rest: new Rest(stack.url, token) };
};

const expectStatus = (status: number, answer: { status: number; body: unknown }): void => {
  if (answer.status !== status) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
};

const assemble = async (stack: TestStack, secrets: Set<string>): Promise<Cast> => {
  const admin = await signInAdmin(stack, secrets);
  const make = (name: string): Promise<Person> => signUp(stack, name, secrets);
  const [owner, control, view, adminView, adminControl, byGroup, byTag, other, disabled, ended] = await Promise.all([
    make('owner'),
    make('control'),
    make('view'),
    make('view too'),
    make('control too'),
    make('by group'),
    make('by tag'),
    make('other'),
    make('disabled'),
    make('ended'),
  ]);
  expectStatus(200, await admin.rest.send('PATCH', `/api/users/${disabled.id}`, { disabled: true }));
  expectStatus(204, await ended.rest.post('/api/auth/logout', undefined));
  return { admin, owner, control, view, adminView, adminControl, byGroup, byTag, other, disabled, ended };
};

/**
 * Grants as the machine service keeps them. Not by its API: the agent runs as the stack's own user here, and such a machine cannot
 * be granted to anybody.
 */
const grant = async (mongo: MongoClient, agentId: string, { owner, ...cast }: Cast): Promise<void> => {
  await mongo
    .db()
    .collection('machine_access')
    .insertMany(
      [
        { person: cast.control, role: 'control' },
        { person: cast.view, role: 'view' },
        { person: cast.adminControl, role: 'control' },
        { person: cast.adminView, role: 'view' },
      ].map(({ person, role }) => ({
        agent_id: agentId,
        user_id: person.id,
        role,
        granted_by: owner.id,
        created_at: new Date(),
      })),
    );
};

/** The grants to a group and on a tag, in the same way. */
const grantToTeams = async (mongo: MongoClient, agentId: string, { owner, byGroup, byTag }: Cast): Promise<void> => {
  const database = mongo.db();
  const group_id = `gr_${'1'.repeat(32)}`;
  const created_at = new Date();
  const given = { linux_users: null, granted_by: owner.id, granted_by_name: owner.name, created_at };
  await database
    .collection('groups')
    .insertOne({ group_id, name: 'ops', name_folded: 'ops', description: '', created_at, rested_on: 0 });
  const membership = { group_id, added_by_name: 'admin', created_at };
  await database
    .collection('people')
    .updateOne(
      { user_id: byGroup.id },
      { $set: { memberships: [membership] }, $setOnInsert: { departed_at: null, blocked: [], rested_on: 0 } },
      { upsert: true },
    );
  const onMachine = { agent_id: agentId, owner_id: null, owner_name: '', tag: null, tag_folded: null };
  const onTag = { agent_id: null, owner_id: owner.id, owner_name: owner.name, tag: 'matrix', tag_folded: 'matrix' };
  await database.collection('team_grants').insertMany([
    {
      ...{ grant_id: `gt_${'1'.repeat(32)}`, holder: `group:${group_id}`, group_id, user_id: null },
      ...{ target: `machine:${agentId}`, role: 'control', ...onMachine, ...given },
    },
    {
      ...{ grant_id: `gt_${'2'.repeat(32)}`, holder: `user:${byTag.id}`, group_id: null, user_id: byTag.id },
      ...{ target: `tag:${owner.id}:matrix`, role: 'view', ...onTag, ...given },
    },
  ]);
  const tags = { tags: ['matrix'], tags_folded: ['matrix'], grant_tags: ['matrix'] };
  await database.collection('machines').updateOne({ agent_id: agentId }, { $set: tags });
};

const enrol = async (stack: TestStack, { owner }: Cast): Promise<{ agent: AgentRun; agentId: string }> => {
  const agent = new VsayAgent();
  const configured = await agent.finish('configure', '--token', owner.apiKey, '--host', stack.url, '--name', 'target');
  if (configured.code !== 0) throw new Error(configured.text);
  const run = agent.run('start');
  return { agent: run, agentId: (await onlineMachine(owner.rest)).agent_id };
};

/** Everything under secrets/ but the name of the installation, which is public. */
const stackSecrets = (dataDir: string): string[] => {
  const folder = join(dataDir, 'secrets');
  const files = readdirSync(folder).filter((name) => name !== 'installation-id');
  // A key id is no secret, and short.
  return files
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split(/\s+/))
    .filter((word) => word.length >= 16);
};

/** A new session of this person on the machine, once its record says that it is live. */
export const openSession = async (url: string, agentId: string, { token, rest }: Person): Promise<RawTerminal> => {
  const session = await RawTerminal.open(url, agentId, { token });
  await eventually('the session is on record', async () => {
    const { body } = await rest.get<{ sessions: { session_id: string }[] }>('/api/terminal/sessions');
    return body.sessions.find(({ session_id }) => session_id === session.sessionId);
  });
  return session;
};

export const startWorld = async (): Promise<World> => {
  const stack = await startTestStack({ agent: false });
  const secrets = new Set<string>();
  const open: { close(): Promise<unknown> }[] = [];
  const secretFile = (name: string): string => readFileSync(join(stack.dataDir, 'secrets', name), 'utf8').trim();
  const port = (name: string): number => stack.processes().find((process) => process.name === name)?.port ?? 0;
  const mongo: World['mongo'] = async (user) => {
    const client = new MongoClient(secretFile(`mongo-url-${user}`), { serverSelectionTimeoutMS: 10_000 });
    open.push(client);
    return client.connect();
  };
  const bus: World['bus'] = async (user) => {
    const connection = await connect({
      servers: `127.0.0.1:${port('nats')}`,
      user,
      pass: secretFile(`nats-${user}`),
      inboxPrefix: inboxPrefix(user),
      reconnect: false,
    });
    open.push(connection);
    return connection;
  };
  const cast = await assemble(stack, secrets);
  const { agent, agentId } = await enrol(stack, cast);
  await grant(await mongo('agent-hub'), agentId, cast);
  await grantToTeams(await mongo('agent-hub'), agentId, cast);
  const session = await openSession(stack.url, agentId, cast.control);
  for (const secret of stackSecrets(stack.dataDir)) secrets.add(secret);
  return {
    stack,
    cast,
    agentId,
    documented: await DocumentedAnswers.of(stack.url),
    session,
    secrets,
    person: (name) => signUp(stack, name, secrets),
    bus,
    mongo,
    secretFile,
    stop: async () => {
      session.close();
      await agent.stop();
      await Promise.all(open.map((connection) => connection.close()));
      await stack.stop();
    },
  };
};

/** host:port where agents dial. */
export const hubAddress = async ({ stack }: World): Promise<string> => {
  const { body } = await new Rest(stack.url).get<{ grpc: { addresses: string[] } }>('/.well-known/webxterm');
  const [address] = body.grpc.addresses;
  if (address === undefined) throw new Error('no hub is announced');
  return address;
};
