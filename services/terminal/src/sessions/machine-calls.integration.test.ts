import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { authorizeMachine, type BusUser } from '@webxterm/contracts/bus';
import { type MachineRole, type Right, rightsOf } from '@webxterm/contracts/rights';
import { AppError, createLogger } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { answer, connectBus } from '@webxterm/shared/bus';
import { type Servers, startServers } from '@webxterm/stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HubChannels } from '../hub-client/channels.ts';
import { MachineCalls } from './machine-calls.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-machine-calls-'));
const agentId = `ag_${'a'.repeat(26)}`;
const channels = new HubChannels('token');
let servers: Servers;
let hubBus: NatsConnection;
let bus: NatsConnection;
/** The next answer of the hub's stand-in. */
let reply: unknown;

const connectAs = (user: BusUser): Promise<NatsConnection> =>
  connectBus({ urls: [servers.natsUrl], user, password: servers.natsPassword(user), logger });

beforeAll(async () => {
  servers = await startServers({ dataDir });
  [hubBus, bus] = await Promise.all([connectAs('agent-hub'), connectAs('terminal')]);
  // The answer may contain names of a later version, or lack fields that only this version has.
  answer(hubBus, { ...authorizeMachine, reply: z.unknown() }, logger, async () => reply);
  await hubBus.flush();
});
afterAll(async () => {
  channels.close();
  await hubBus?.close();
  await bus?.close();
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const callerOf = (role: Caller['role']): Caller => ({
  userId: 'c'.repeat(24),
  username: 'carl',
  role,
  sid: 'sid',
  tokenExpiresAt: 2e9,
});

/** The calls that the terminal service allows this caller after this answer of the hub. */
const decided = async (
  caller: Caller,
  access: { role: MachineRole; rights?: string[] },
): Promise<{ opens: boolean; sessions: string }> => {
  reply = { agent_id: agentId, owner_id: 'b'.repeat(24), user_id: caller.userId, online: true, ...access };
  const machines = new MachineCalls({
    bus,
    channels,
    locator: { find: () => undefined, onMove: () => () => {}, explainAbsence: async () => new AppError('internal') },
  });
  const opens = await machines.requireOpen(caller, agentId, 'pty', 'r').then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: 'view_only' });
      return false;
    },
  );
  const scope = await machines.scopeOn(caller, agentId, 'r');
  return { opens, sessions: scope.kind === 'any' ? 'all' : scope.userId === caller.userId ? 'own' : 'wrong' };
};

describe('the rights in the reply of a hub', () => {
  it('are decisive, and the role is not', async () => {
    const rights: Right[] = ['see', 'open', 'manage'];
    expect(await decided(callerOf('user'), { role: 'view', rights })).toEqual({ opens: true, sessions: 'all' });
    expect(await decided(callerOf('admin'), { role: 'owner', rights: ['see'] })).toEqual({
      opens: false,
      sessions: 'own',
    });
  });

  it('may have names that only a later version has', async () => {
    const rights = ['see', 'levitate', 'open'];
    expect(await decided(callerOf('user'), { role: 'control', rights })).toEqual({ opens: true, sessions: 'own' });
  });

  it('follow from the roles if a hub of the previous version sends none', async () => {
    const table: [MachineRole, Caller['role'], { opens: boolean; sessions: string }][] = [
      ['owner', 'user', { opens: true, sessions: 'all' }],
      ['control', 'user', { opens: true, sessions: 'own' }],
      ['view', 'user', { opens: false, sessions: 'own' }],
      ['admin', 'admin', { opens: false, sessions: 'all' }],
      ['control', 'admin', { opens: true, sessions: 'all' }],
    ];
    for (const [role, installation, expected] of table)
      expect([role, installation, await decided(callerOf(installation), { role })]).toEqual([
        role,
        installation,
        expected,
      ]);
  });

  it('are ignored by a terminal service of the previous version', () => {
    const before = z.object({
      agent_id: z.string(),
      owner_id: z.string(),
      user_id: z.string(),
      role: z.enum(['owner', 'admin', 'control', 'view']),
      online: z.boolean(),
    });
    const id = 'b'.repeat(24);
    const known = { agent_id: agentId, owner_id: id, user_id: id, role: 'owner', online: true };
    expect(before.parse({ ...known, rights: rightsOf('owner', false) })).toEqual(known);
  });
});
