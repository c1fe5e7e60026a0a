import { type BusUser, busPermissions } from '@webxterm/contracts/bus';
import { firstBusError } from '@webxterm/shared/testing';
import { describe, expect, it } from 'vitest';
import { covers } from './bus-subjects.ts';
import type { World } from './world.ts';

const services = ['auth', 'agent-hub', 'terminal'] as const;

/** Subjects that only their owner may use, and subjects that no service may use. `but` names the owner. */
const forbidden: readonly { readonly subject: string; readonly but?: BusUser }[] = [
  { subject: '$KV.signins.s.of-my-own-making', but: 'auth' },
  { subject: '$KV.presence.agents.ag_elsewhere', but: 'agent-hub' },
  { subject: 'auth.apikey.rotated', but: 'auth' },
  { subject: 'auth.user.changed', but: 'auth' },
  { subject: 'machines.ag_1.access', but: 'agent-hub' },
  { subject: 'machines.ag_1.session_ended', but: 'agent-hub' },
  { subject: 'terminal.session.opened' },
  { subject: 'audit_checkpoints', but: 'auth' },
  { subject: '$JS.API.CONSUMER.CREATE.EVENTS' },
  { subject: '$JS.API.CONSUMER.CREATE.KV_presence' },
  { subject: 'audit.auth.login', but: 'auth' },
  { subject: 'audit.agent-hub.machine_added', but: 'agent-hub' },
  { subject: 'audit.terminal.terminal_opened', but: 'terminal' },
  ...['KV_signins', 'KV_presence', 'EVENTS', 'AUDIT'].flatMap((stream) => [
    { subject: `$JS.API.STREAM.UPDATE.${stream}` },
    { subject: `$JS.API.STREAM.PURGE.${stream}` },
    { subject: `$JS.API.STREAM.DELETE.${stream}` },
    { subject: `$JS.API.STREAM.MSG.DELETE.${stream}` },
    { subject: `$JS.API.STREAM.SNAPSHOT.${stream}` },
    { subject: `$JS.API.DIRECT.GET.${stream}` },
  ]),
  { subject: '$JS.API.ACCOUNT.PURGE.$G' },
  { subject: '$SYS.REQ.SERVER.PING' },
  { subject: '_INBOX_init.x' },
];

/** Whether the server refuses it. It reports this on the connection, before the answer to a flush. */
const isRefused = async (world: World, user: BusUser, subject: string): Promise<boolean> => {
  const bus = await world.bus(user);
  const error = firstBusError(bus);
  bus.publish(subject, '{}');
  await bus.flush();
  await bus.close();
  return /permissions violation/i.test(await error);
};

/** Acts as a breached service, with its user on the bus and in the database. */
export const attackFromService = (world: () => World): void => {
  describe('an attacker with the identity of one service', () => {
    it.each(services)('as %s is refused every subject of the others, and every stream', async (user) => {
      const attempts = forbidden.filter(({ but }) => but !== user);
      const passed: string[] = [];
      for (const { subject } of attempts) if (!(await isRefused(world(), user, subject))) passed.push(subject);
      expect(passed).toEqual([]);
    });

    it.each(services)('as %s answers no request that is not its own', async (user) => {
      const others = services.filter((other) => other !== user);
      const answered = others.flatMap((other) =>
        busPermissions[other].subscribe.filter((subject) => !/^_INBOX|[*>]/.test(subject)),
      );
      const own = busPermissions[user].subscribe;
      const foreign = answered.filter((subject) => !covers(own, subject));
      expect(foreign.length).toBeGreaterThan(0);
      const bus = await world().bus(user);
      const refused = foreign.map(
        (subject) =>
          new Promise<boolean>((resolve) => {
            bus.subscribe(subject, { callback: (error) => resolve(error !== null) });
          }),
      );
      await bus.flush();
      expect(await Promise.all(refused)).toEqual(foreign.map(() => true));
    });

    it.each(services)('as %s sees no database but its own, and may make neither user nor shutdown', async (user) => {
      const client = await (await world().mongo(user)).db('admin');
      for (const command of [
        { usersInfo: 1 },
        { createUser: 'mine', pwd: 'mine', roles: ['root'] },
        { grantRolesToUser: user, roles: ['root'] },
        { shutdown: 1 },
        { replSetGetConfig: 1 },
        { setParameter: 1, logLevel: 5 },
      ])
        await expect(client.command(command), JSON.stringify(command)).rejects.toThrow(/not authorized/);
      const { databases } = await client.command({ listDatabases: 1 });
      expect(databases.map(({ name }: { name: string }) => name)).toEqual([user.replace('-', '_')]);
    });
  });
};
