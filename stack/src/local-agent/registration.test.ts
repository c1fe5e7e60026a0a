import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type GatewayAddress, registrationTokenOf } from './registration.ts';

const account = { email: 'admin@webxterm.local', password: 'secret' };

let gateway: Server | undefined;
/** Path, body and Authorization of each request. */
let asked: unknown[] = [];

/** Starts a gateway stub that responds to each path with these statuses in turn, and repeats the last one. */
const open = async (statuses: { login: number[]; machines?: number[] }): Promise<GatewayAddress> => {
  asked = [];
  const left = { '/api/login': [...statuses.login], '/api/machines': [...(statuses.machines ?? [201])] };
  gateway = createServer(async (request, response) => {
    const path = request.url === '/api/login' ? '/api/login' : '/api/machines';
    asked.push([request.url, await json(request), request.headers.authorization]);
    const [status = 200] = left[path];
    if (left[path].length > 1) left[path].shift();
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(path === '/api/login' ? { token: 'of the sign-in' } : { registration_token: 'wxt_rt_1' }),
    );
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const address = gateway.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return { url: `http://127.0.0.1:${address.port}`, ca: undefined };
};

afterEach(() => void gateway?.close());

const signInRequest = ['/api/login', account, undefined];
const addRequest = (name: string) => ['/api/machines', { name }, 'Bearer of the sign-in'];

describe('the registration token of a machine of the signed-in user', () => {
  it('is that of the added machine', async () => {
    await expect(registrationTokenOf(await open({ login: [200] }), account, 'gate')).resolves.toBe('wxt_rt_1');
    expect(asked).toEqual([signInRequest, addRequest('gate')]);
  });

  it('is that of a machine with a number if another machine has the name', async () => {
    const address = await open({ login: [200], machines: [409, 409, 201] });
    await expect(registrationTokenOf(address, account, 'gate')).resolves.toBe('wxt_rt_1');
    expect(asked.slice(1)).toEqual(['gate', 'gate-2', 'gate-3'].map(addRequest));
  });

  it('is given up if each name is taken', async () => {
    const address = await open({ login: [200], machines: [409] });
    await expect(registrationTokenOf(address, account, 'gate')).rejects.toThrow(
      'adding the machine gate-20 is answered 409',
    );
    expect(asked).toHaveLength(21);
  });

  it.each([
    ['sign-in', { login: [503, 200] }, 'signing in as admin@webxterm.local is answered 503', 3],
    ['hub', { login: [200], machines: [503, 201] }, 'adding the machine gate is answered 503', 4],
  ])(
    'is fetched once the %s answers, and the reason for waiting is reported',
    async (_what, statuses, why, requests) => {
      const reported: string[] = [];
      const patience = { withinMs: 60_000, say: (said: string) => void reported.push(said) };
      await expect(registrationTokenOf(await open(statuses), account, 'gate', patience)).resolves.toBe('wxt_rt_1');
      expect([reported, asked.length]).toEqual([[why], requests]);
    },
  );

  it('is not waited for if the gateway must answer now', async () => {
    await expect(registrationTokenOf(await open({ login: [503] }), account, 'gate')).rejects.toThrow('is answered 503');
    expect(asked).toHaveLength(1);
  });

  it.each([401, 429])('is not requested again after %i, which counts against the account', async (status) => {
    const patience = { withinMs: 60_000, say: () => {} };
    const address = await open({ login: [status, 200] });
    await expect(registrationTokenOf(address, account, 'gate', patience)).rejects.toThrow(`is answered ${status}`);
    expect(asked).toHaveLength(1);
  });

  it('is given up with the last answer at the deadline', async () => {
    const patience = { withinMs: 0, say: () => {} };
    const address = await open({ login: [503] });
    await expect(registrationTokenOf(address, account, 'gate', patience)).rejects.toThrow('is answered 503');
  });
});
