import { AttachGrant, Role } from '@webxterm/contracts/grpc';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NumberedTerminal } from './faults/numbered-terminal.ts';
import { InternalViewer, internalPort, sidOf } from './support/internal-viewer.ts';
import { eventually, Rest } from './support/rest.ts';
import { readSecret } from './support/stack.ts';
import { rest as chief, ownMachine, stack, useStack } from './support/use-stack.ts';

interface Account {
  readonly id: string;
  readonly rest: Rest;
  readonly sid: string;
}

let mongo: MongoClient;
let hub: { port: number; token: string };
/** Was granted control: owns the sessions of these tests. */
let bob: Account;
let agentId: string;

const signUp = async (name: string): Promise<Account> => {
  const { token, user } = await new Rest(stack.url).signup(name);
  return { id: user.id, rest: new Rest(stack.url, token), sid: sidOf(token) };
};

const setRole = async ({ id }: Account, role: 'user' | 'admin'): Promise<void> => {
  expect((await chief.send('PATCH', `/api/users/${id}`, { role })).status).toBe(200);
};

/** Not by the API: the agent runs as the stack's own user here, and such a machine cannot be granted. */
const grant = async (user_id: string, role: 'control' | 'view'): Promise<void> => {
  const row = { agent_id: agentId, user_id, role, granted_by: '', created_at: new Date() };
  await mongo.db().collection('machine_access').insertOne(row);
};

useStack();
beforeAll(async () => {
  mongo = await new MongoClient(readSecret(stack, 'mongo-url-agent-hub')).connect();
  agentId = ownMachine.agent_id;
  hub = await internalPort(stack);
  bob = await signUp('bob');
  await grant(bob.id, 'control');
});
afterAll(() => mongo?.close());

/** A terminal of bob's that prints numbered lines all the time; each byte is looked at. */
const printing = async (): Promise<{ terminal: NumberedTerminal; sessionId: Buffer }> => {
  const terminal = new NumberedTerminal(bob.rest, agentId, { load: 'slow', rate: 50_000_000 });
  await terminal.start();
  return { terminal, sessionId: Buffer.from(terminal.terminal.sessionId ?? '', 'base64url') };
};

const attach = (
  viewer: Account,
  sessionId: Buffer,
  open: Partial<ConstructorParameters<typeof InternalViewer>[1]> = {},
) =>
  new InternalViewer(hub, {
    sid: viewer.sid,
    agentId,
    sessionId,
    ownerUserId: bob.id,
    grant: AttachGrant.ATTACH_GRANT_WATCH,
    ...open,
  });

const receivesMore = async (viewer: InternalViewer): Promise<void> => {
  const before = viewer.received;
  await eventually('more output', async () => (viewer.received > before ? true : undefined));
};

/** A new administrator who watches a terminal of bob's, and has received output. */
const watchedBy = async (name: string) => {
  const viewer = await signUp(name);
  await setRole(viewer, 'admin');
  const { terminal, sessionId } = await printing();
  const watching = attach(viewer, sessionId);
  await watching.frame('accepted');
  await receivesMore(watching);
  return { viewer, terminal, watching };
};

/** The owner's terminal prints on, whatever happened to its viewer. */
const endUnharmed = async (terminal: NumberedTerminal, ...viewers: InternalViewer[]): Promise<void> => {
  await terminal.past(100_000);
  await terminal.finish();
  for (const viewer of viewers) viewer.close();
};

describe('another viewer than the owner of a session', () => {
  it('watches by its right, and is detached within a second of losing it, while the owner loses no byte', async () => {
    const carla = await signUp('carla');
    const { terminal, sessionId } = await printing();
    const early = attach(carla, sessionId);
    expect(await early.frame('refused')).toMatchObject({ code: 'machine_not_found' });
    await setRole(carla, 'admin');
    const watching = attach(carla, sessionId);
    expect(await watching.frame('accepted')).toMatchObject({ created: false, driver: false });
    await receivesMore(watching);

    const lostAt = performance.now();
    await setRole(carla, 'user');
    expect(await watching.frame('refused')).toMatchObject({ code: 'session_not_found' });
    expect(performance.now() - lostAt).toBeLessThan(1000);

    // The session lives on, and the account of what was printed agrees with what its owner has seen.
    await terminal.past(100_000);
    expect(terminal.states).not.toContain('reconnecting');
    await terminal.finish();
    for (const viewer of [early, watching]) viewer.close();
  });

  it('is detached by the end of its own sign-in, and of no other', async () => {
    const { viewer: dora, terminal, watching } = await watchedBy('dora');
    expect((await dora.rest.post('/api/auth/logout', undefined)).status).toBe(204);
    expect(await watching.frame('refused')).toMatchObject({ code: 'unauthenticated' });
    await endUnharmed(terminal, watching);
  });

  it('can neither type nor open a session, and needs the grant', async () => {
    const erik = await signUp('erik');
    await setRole(erik, 'admin');
    const { terminal, sessionId } = await printing();
    const refused = async (open: Parameters<typeof attach>[2]): Promise<string> => {
      const viewer = attach(erik, sessionId, open);
      const { code } = await viewer.frame('refused');
      viewer.close();
      return code;
    };
    expect(await refused({ role: Role.ROLE_CONTROL })).toBe('session_not_found');
    expect(await refused({ create: true })).toBe('session_not_found');
    expect(await refused({ grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED })).toBe('session_not_found');
    // Somebody else is named as the owner: the machine knows better.
    expect(await refused({ ownerUserId: 'f'.repeat(24) })).toBe('session_not_found');
    const watching = attach(erik, sessionId);
    await watching.frame('accepted');
    watching.send({ type: 'input', offset: 0, reply: false, earlier: false, payload: Buffer.from('q') });
    expect(await watching.frame('refused')).toMatchObject({ code: 'view_only' });
    await endUnharmed(terminal, watching);
  });

  it('loses the session when the owner loses access: it ends for both', async () => {
    const { terminal, watching } = await watchedBy('fay');
    const answer = await chief.post(`/api/machines/${agentId}/access/revoke`, { username: 'bob' });
    expect(answer.status).toBe(200);
    expect(await watching.frame('ended')).toMatchObject({ cause: 'access_revoked' });
    await terminal.until('the owner is informed', () => ['refused', 'ended'].includes(terminal.terminal.state.state));
    await eventually('the session is on record as ended', async () => {
      const { body } = await bob.rest.get<{ sessions: unknown[] }>('/api/terminal/sessions');
      return body.sessions.length === 0 ? true : undefined;
    });
    terminal.terminal.close();
    watching.close();
  });
});
