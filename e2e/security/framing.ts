import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type OddRequest, oddRequests } from '../../services/gateway/src/testing/odd-framing.ts';
import type { Person, World } from './world.ts';

/** A route of every service. */
const targets = ['/api/profile', '/api/machines', '/api/terminal/sessions'];
const batch = 100;

/** Writes one odd request; resolves once something has come back, or the connection is closed. */
const begin = (url: URL, { bytes, half }: OddRequest): { readonly answered: Promise<unknown>; end(): void } => {
  const socket = connect({ port: Number(url.port), host: url.hostname });
  socket.on('error', () => undefined);
  const text = bytes.replaceAll('HOST', url.host);
  socket.once('connect', () => (half ? socket.end(text, 'latin1') : socket.write(text, 'latin1')));
  return {
    answered: Promise.race([once(socket, 'data').catch(() => undefined), once(socket, 'close').catch(() => undefined)]),
    end: () => void socket.destroy(),
  };
};

/** One person's request to each service; what is wrong with the answers. */
const ask = async ({ name, apiKey, rest }: Person): Promise<string[]> => {
  const [profile, machines, sessions] = await Promise.all([
    rest.get<{ user?: { username?: string; api_key?: string } }>('/api/profile'),
    rest.get<{ machines?: unknown }>('/api/machines'),
    rest.get<{ sessions?: unknown }>('/api/terminal/sessions'),
  ]);
  const { user } = profile.body;
  return [
    ...(user?.username === name && user.api_key === apiKey ? [] : [`profile of ${name}: ${JSON.stringify(profile)}`]),
    ...(Array.isArray(machines.body.machines) ? [] : [`machines of ${name}: ${JSON.stringify(machines)}`]),
    ...(Array.isArray(sessions.body.sessions) ? [] : [`sessions of ${name}: ${JSON.stringify(sessions)}`]),
  ];
};

/** How often services refused what did not come from the gateway as it was. */
const refusals = ({ stack }: World): number => {
  const folder = join(stack.dataDir, 'logs');
  const logs = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return logs.join('\n').split('refused a request that the gateway did not send').length;
};

export const attackFraming = (world: () => World): void => {
  describe('requests whose end could be read in two ways', () => {
    const all = oddRequests(targets);

    it(`are ${all.length}, and all other callers receive their own answers meanwhile`, async () => {
      const { stack, cast } = world();
      const people = [cast.control, cast.owner];
      const before = refusals(world());
      const wrong: string[] = [];
      for (let from = 0; from < all.length; from += batch) {
        const sent = all.slice(from, from + batch).map((one) => begin(new URL(stack.url), one));
        const everyone = Promise.all(people.map(ask));
        // Some never get an answer: they announce more than they send.
        await Promise.race([Promise.all(sent.map(({ answered }) => answered)), everyone]);
        wrong.push(...(await everyone).flat(), ...(await ask(cast.control)));
        for (const { end } of sent) end();
      }
      expect(wrong).toEqual([]);
      expect(refusals(world())).toBe(before);
    }, 180_000);
  });
};
