import { createHash, randomBytes } from 'node:crypto';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { type BusUser, signinKey } from '@webxterm/contracts/bus';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/rest.ts';
import type { Person, World } from './world.ts';

const subjectOf = (key: string): string => `$KV.signins.${key}`;

/** The key of a token's sign-in. */
const keyOf = (token: string): string => {
  const claims: { sid: string } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return signinKey(createHash('sha256').update(claims.sid).digest('hex'));
};

/** The value of a key, as every reader of the bucket sees it. */
const stored = async (bus: NatsConnection, key: string): Promise<string> => {
  const asked = JSON.stringify({ last_by_subj: subjectOf(key) });
  const answer = await bus.request('$JS.API.STREAM.MSG.GET.KV_signins', asked);
  return Buffer.from(answer.json<{ message?: { data?: string } }>().message?.data ?? '', 'base64').toString();
};
const isSigned = (text: string): boolean => /^[A-Za-z0-9_-]{86}\.\{/.test(text);

const makeConsumer = async (
  bus: NatsConnection,
  stream: string,
  config: { readonly filter_subject?: string; readonly deliver_subject?: string },
): Promise<string> => {
  const name = randomBytes(8).toString('hex');
  const create = { stream_name: stream, config: { name, ack_policy: 'none', deliver_policy: 'all', ...config } };
  const filter = create.config.filter_subject === undefined ? '' : `.${create.config.filter_subject}`;
  const answer = await bus.request(`$JS.API.CONSUMER.CREATE.${stream}.${name}${filter}`, JSON.stringify(create));
  return answer.json<{ name?: string }>().name ?? '';
};

const expectEverybodyIn = async ({ cast }: World, ...also: Person[]): Promise<void> => {
  for (const person of [cast.admin, cast.owner, cast.control, ...also])
    expect([person.name, (await person.rest.get('/api/machines')).status]).toEqual([person.name, 200]);
  expect((await cast.other.rest.get('/api/users')).status).toBe(403);
  expect((await cast.ended.rest.get('/api/machines')).status).toBe(401);
};

/** Against the list of the sign-ins that count, from the place of each service. */
export const attackAllowList = (world: () => World): void => {
  describe('the allow-list', () => {
    it.each<BusUser>(['agent-hub', 'terminal'])(
      'keeps everybody signed in, and is put right, when %s has answers of the server put in it',
      async (user) => {
        const bus = await world().bus(user);
        const keys = [keyOf(world().cast.control.token), keyOf(world().cast.admin.token), 'epoch', 'rebuild'];
        const junk = [...keys, 'beat', keyOf(world().cast.ended.token), 's.forged', 'forged'];
        const bytes = JSON.stringify({ last_by_subj: subjectOf(keyOf(world().cast.admin.token)) });
        for (const key of junk) bus.publish('$JS.API.STREAM.MSG.GET.KV_signins', bytes, { reply: subjectOf(key) });
        await bus.flush();
        for (const key of keys.slice(0, 3))
          await eventually(`${key} is signed`, async () => isSigned(await stored(bus, key)) || undefined);
        await expectEverybodyIn(world(), await world().person(`junk-by-${user}`));
      },
    );

    it('does not restore an ended sign-in from a copy that the server made while it was valid', async () => {
      const victim = await world().person('copied');
      const key = keyOf(victim.token);
      const bus = await world().bus('agent-hub');
      // No service may read all of EVENTS: with the rights of init, for nothing rests on the permissions alone.
      const init = await world().bus('init');
      // A push consumer stores the entry, under its own subject, in a stream that the hub may read.
      const filter = { filter_subject: subjectOf(key), deliver_subject: 'auth.user.changed' };
      await makeConsumer(bus, 'KV_signins', filter);
      await eventually('the copy is there', async () => {
        const name = await makeConsumer(init, 'EVENTS', {});
        const info = await init.request(`$JS.API.CONSUMER.INFO.EVENTS.${name}`);
        return info.json<{ num_pending: number }>().num_pending > 0 || undefined;
      });
      expect((await victim.rest.post('/api/auth/logout', undefined)).status).toBe(204);
      const puller = await makeConsumer(init, 'EVENTS', {});
      init.publish(`$JS.API.CONSUMER.MSG.NEXT.EVENTS.${puller}`, JSON.stringify({ batch: 1000, no_wait: true }), {
        // The copy is stored under its own subject; what the server says at the end, under this one.
        reply: subjectOf('s.pulled'),
      });
      await init.flush();
      expect((await victim.rest.get('/api/machines')).status).toBe(401);
      await eventually(
        'its end is signed',
        async () => (await stored(bus, key)).endsWith('"value":null}') || undefined,
      );
      expect((await victim.rest.get('/api/machines')).status).toBe(401);
      await expectEverybodyIn(world());
    });

    it('does not accept bytes of another stream as an entry', async () => {
      const bus = await world().bus('agent-hub');
      const init = await world().bus('init');
      const purge = headers();
      purge.set('Nats-Rollup', 'all');
      bus.publish('$KV.presence.agents.ag_purge', '{}', { headers: purge });
      await bus.flush();
      // With a header that would empty the bucket: straight into it, and by way of a stream that the hub may pull from.
      for (const to of [subjectOf('s.pushed'), 'auth.user.changed'])
        await makeConsumer(bus, 'KV_presence', { filter_subject: '$KV.presence.agents.ag_purge', deliver_subject: to });
      const puller = await makeConsumer(init, 'EVENTS', {});
      init.publish(`$JS.API.CONSUMER.MSG.NEXT.EVENTS.${puller}`, JSON.stringify({ batch: 1000, no_wait: true }), {
        reply: subjectOf('s.pulled'),
      });
      await init.flush();
      await expectEverybodyIn(world());
      for (const person of [world().cast.control, world().cast.admin])
        await eventually(
          'the entry is signed',
          async () => isSigned(await stored(bus, keyOf(person.token))) || undefined,
        );
      await expectEverybodyIn(world(), await world().person('after-other-bytes'));
    });
  });
};
