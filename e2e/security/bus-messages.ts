import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { type BusUser, busMacPurposes } from '@webxterm/contracts/bus';
import { MacKey, sealMessage } from '@webxterm/shared/bus';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/rest.ts';
import type { Person, World } from './world.ts';

/** The messages that trigger an action: of a stream of auth, its checkpoints, and those between hubs and terminal services. */
const targets = ({ agentId }: World): string[] => [
  'auth.user.changed',
  'auth.apikey.rotated',
  'audit_checkpoints',
  'audit.terminal.terminal_closed',
  `machines.${agentId}.access`,
  `machines.${agentId}.sessions`,
  `machines.${agentId}.session_ended`,
  'terminal.open',
];

/** A push consumer of what a service may read, delivering to a subject on which it may not publish. */
const pushTo = (bus: NatsConnection, bucket: string, filter: string, to: string): void => {
  const name = `push-${to.replaceAll(/\W/g, '_')}`;
  const config = { name, ack_policy: 'none', deliver_policy: 'all', filter_subject: filter, deliver_subject: to };
  const subject = `$JS.API.CONSUMER.CREATE.KV_${bucket}.${name}.${filter}`;
  bus.publish(subject, JSON.stringify({ stream_name: `KV_${bucket}`, config: { ...config, idle_heartbeat: 1e9 } }));
};

/** The bodies of messages that would do harm to this person and machine. */
const harm = ({ agentId, cast }: World, { id }: Person): Record<string, object> => ({
  'auth.user.changed': { user_id: id, role: 'user', disabled: true, deleted: true, machines_to: null },
  'auth.apikey.rotated': { user_id: id, old_key_id: 'any' },
  [`machines.${agentId}.access`]: { agent_id: agentId, user_id: cast.control.id, role: null },
  audit_checkpoints: { v: 1, seq: 1, mac: 'forged', at: new Date().toISOString() },
});

const verifyAudit = async ({ stack }: World): Promise<{ code: unknown; said: string }> => {
  const program = join(import.meta.dirname, '../../stack/src/audit-verify.ts');
  const run = spawn('env', [`WEBXTERM_DATA_DIR=${stack.dataDir}`, process.execPath, program]);
  let said = '';
  for (const stream of [run.stdout, run.stderr])
    stream.on('data', (text: Buffer) => {
      said += text.toString();
    });
  const [code] = await once(run, 'exit');
  return { code, said };
};

const expectNoHarm = async ({ cast, session, agentId }: World): Promise<void> => {
  await session.run('echo still here');
  const { status, body } = await cast.owner.rest.get<{ agent_id: string; status: string }>(`/api/machines/${agentId}`);
  expect([status, body.status]).toEqual([200, 'online']);
};

/** Forges the messages of the services on the bus, as each service. */
export const attackBusMessages = (world: () => World): void => {
  describe('messages on the bus', () => {
    it.each<BusUser>(['agent-hub', 'terminal'])(
      'is acted upon only when its owner has signed it, whatever %s has the server deliver in its place',
      async (user) => {
        const bus = await world().bus(user);
        const presence = '$KV.presence.agents.ag_forged';
        if (user === 'agent-hub')
          for (const body of Object.values(harm(world(), world().cast.owner)))
            bus.publish(presence, JSON.stringify({ v: 1, request_id: 'forged', body }));
        for (const to of targets(world())) {
          pushTo(bus, 'presence', presence, to);
          pushTo(bus, 'signins', '$KV.signins.>', to);
          bus.publish('$JS.API.STREAM.INFO.KV_signins', '', { reply: to });
        }
        await bus.flush();
        await expectNoHarm(world());
      },
    );

    it('are ignored without a signature or with one of another service, even without the permissions', async () => {
      // init may deliver anything anywhere: as if a service could publish where it may not.
      const init = await world().bus('init');
      const bodies = harm(world(), world().cast.owner);
      const hub = await world().bus('agent-hub');
      const key = new MacKey(Buffer.from(world().secretFile('pass-key'), 'base64url'), busMacPurposes.hubsToTerminals);
      for (const [subject, body] of Object.entries(bodies)) {
        const payload = JSON.stringify({ v: 1, request_id: 'forged', body });
        const at = `$KV.presence.agents.${subject.replaceAll(/\W/g, '_')}`;
        for (const sealed of [headers(), sealMessage(key, subject, payload, Date.now())])
          hub.publish(at, payload, { headers: sealed });
        await hub.flush();
        pushTo(init, 'presence', at, subject);
      }
      await init.flush();
      await expectNoHarm(world());
    });

    it('keep the audit log verifiable, and skipped ones are reported', async () => {
      const { code, said } = await eventually('it can be verified', async () => {
        const verified = await verifyAudit(world());
        return verified.code === 0 ? verified : undefined;
      });
      expect([code, said]).toEqual([0, expect.stringContaining('The audit log is whole')]);
      expect(said).toMatch(/\d+ messages in the stream of checkpoints are not auth's and were skipped/);
    });
  });
};
