import { once } from 'node:events';
import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { SigninEntry } from '@webxterm/contracts/bus';
import { afterEach, expect, it } from 'vitest';
import type { Access } from './authorize.ts';
import { MachineEventStreams } from './events.ts';

const caller = { userId: 'u', username: 'ann', role: 'user', sid: 'sid', tokenExpiresAt: 2e9 } as const;
const signin: SigninEntry = { user_id: 'u', username: 'ann', role: 'user', disabled: false, exp: 2e9, epoch: 'e' };
const owner: Access = { role: 'owner', rights: ['see'], linuxUsers: null, ownerId: 'u' };
const event = { agent_id: 'ag', status: 'online', last_active: null, resource_stats: null } as const;

let server: Server | undefined;
afterEach(() => server?.close());

/** One event stream over HTTP. Access reads wait until the test answers them. */
const open = async (entry: () => SigninEntry | undefined) => {
  const asked: { allow: () => void; deny: () => void }[] = [];
  const access = (): Promise<Access> =>
    new Promise((resolve, reject) => {
      asked.push({ allow: () => resolve(owner), deny: () => reject(new Error('no access')) });
    });
  const allowList = { peek: entry, isStale: () => false, mustEnrol: () => false };
  const streams = new MachineEventStreams({ authorizer: { access }, allowList, now: () => 0 });
  server = createServer((_request, response) => void streams.serve(caller, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const answer = await fetch(`http://127.0.0.1:${address.port}/`);
  return { streams, asked, answer };
};

it('a stream whose sign-in ended before it was registered ends at once', async () => {
  const { answer } = await open(() => undefined);
  expect(await answer.text()).toBe(': connected\n\n');
});

it('an event is not sent by rights that were read before access was revoked', async () => {
  const { streams, asked, answer } = await open(() => signin);
  streams.send('status', event);
  expect(asked.length).toBe(1);
  streams.accessChanged({ agent_id: 'ag', user_id: 'u', role: null });
  asked[0]?.allow();
  await expect.poll(() => asked.length).toBe(2);
  asked[1]?.deny();
  streams.end();
  const said = await answer.text();
  expect(said).toContain('event: access');
  expect(said).not.toContain('event: status');
});

it('streams are bounded for each user, and in all; one that ends makes room', async () => {
  const allowList = { peek: () => signin, isStale: () => false, mustEnrol: () => false };
  const streams = new MachineEventStreams({ authorizer: { access: async () => owner }, allowList, now: () => 0 });
  const begin = (userId: string): { response: ServerResponse; over: Promise<void> } => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    return { response, over: streams.serve({ ...caller, userId }, response) };
  };
  const open = Array.from({ length: 16 }, () => begin('ann'));
  await expect(begin('ann').over).rejects.toMatchObject({ code: 'too_many_requests' });
  for (let count = open.length; count < 10_000; count += 1) open.push(begin(`user ${Math.floor(count / 16)}`));
  await expect(begin('zoe').over).rejects.toMatchObject({ code: 'unavailable' });
  open[0]?.response.destroy();
  await open[0]?.over;
  open.push(begin('zoe'));
  for (const { response } of open) response.destroy();
  await Promise.all(open.map(({ over }) => over));
}, 30_000);
