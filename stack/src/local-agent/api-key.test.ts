import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { apiKeyOf, type GatewayAddress } from './api-key.ts';

const account = { email: 'admin@webxterm.local', password: 'secret' };

let gateway: Server | undefined;
let asked = 0;

/** Starts a gateway stub that responds with these statuses in turn, and repeats the last one. */
const open = async (...statuses: number[]): Promise<GatewayAddress> => {
  asked = 0;
  gateway = createServer((_request, response) => {
    const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200;
    asked += 1;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 200 ? '{"user":{"api_key":"the key"}}' : '{}');
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const address = gateway.address();
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return { url: `http://127.0.0.1:${address.port}`, ca: undefined };
};

afterEach(() => void gateway?.close());

describe('the API key of the signed-in user', () => {
  it('is fetched once the gateway answers, and the reason for waiting is reported', async () => {
    const reported: string[] = [];
    const patience = { withinMs: 60_000, say: (why: string) => void reported.push(why) };
    await expect(apiKeyOf(await open(503, 200), account, patience)).resolves.toBe('the key');
    expect(reported).toEqual(['signing in as admin@webxterm.local is answered 503']);
  });

  it('is not waited for if the gateway must answer now', async () => {
    await expect(apiKeyOf(await open(503, 200), account)).rejects.toThrow('is answered 503');
    expect(asked).toBe(1);
  });

  it.each([401, 429])('is not requested again after %i, which counts against the account', async (status) => {
    const patience = { withinMs: 60_000, say: () => {} };
    await expect(apiKeyOf(await open(status, 200), account, patience)).rejects.toThrow(`is answered ${status}`);
    expect(asked).toBe(1);
  });

  it('is given up with the last answer at the deadline', async () => {
    const patience = { withinMs: 0, say: () => {} };
    await expect(apiKeyOf(await open(503), account, patience)).rejects.toThrow('is answered 503');
  });
});
