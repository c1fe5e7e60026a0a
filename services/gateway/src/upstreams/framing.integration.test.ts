import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { readProof } from '@webxterm/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayProcess, gatewayKey, startGateway } from '../testing/gateway-process.ts';
import { type OddRequest, oddRequests } from '../testing/odd-framing.ts';
import { RecordingService } from '../testing/recording-service.ts';

// This tests the gateway alone: the service behind it answers every request.
const service = new RecordingService();
const kept = new Agent({ keepAlive: true, maxSockets: 4 });
let gateway: GatewayProcess;
let host: string;

beforeAll(async () => {
  await service.start();
  const urls = { AUTH_URLS: service.url, AGENT_HUB_URLS: service.url, TERMINAL_URLS: service.url };
  gateway = await startGateway(urls);
  host = `127.0.0.1:${gateway.port}`;
});
afterAll(async () => {
  kept.destroy();
  await gateway?.stop();
  await service.stop();
});
beforeEach(() => service.reset());

/** Writes one odd request. `answered` resolves once any bytes have come back or the connection is closed. */
const begin = ({ bytes, half }: OddRequest): { readonly answered: Promise<unknown>; end(): void } => {
  const socket = connect({ port: gateway.port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const text = bytes.replaceAll('HOST', host);
  socket.once('connect', () => (half ? socket.end(text, 'latin1') : socket.write(text, 'latin1')));
  return {
    answered: Promise.race([once(socket, 'data').catch(() => undefined), once(socket, 'close').catch(() => undefined)]),
    end: () => void socket.destroy(),
  };
};

let asked = 0;
/** Another client sends a request. Returns the expected and the received response. */
const ask = (): Promise<{ wanted: string; got: string }> =>
  new Promise((resolve, reject) => {
    asked += 1;
    const path = `/api/machines?search=${asked}`;
    const authorization = `Bearer of-${asked}`;
    get(`${gateway.origin}${path}`, { agent: kept, headers: { authorization } }, (answer) => {
      let got = '';
      answer.on('data', (chunk) => {
        got += String(chunk);
      });
      answer.once('end', () => resolve({ wanted: `GET ${path} ${authorization}`, got }));
    }).once('error', reject);
  });

const targets = ['/api/login', '/api/machines', '/api/terminal/ag_x/ws'];
const batch = 100;

describe('requests whose end could be read in two ways', () => {
  const all = oddRequests(targets);

  it(`are ${all.length}, and a service receives only the requests of the gateway`, {
    timeout: 120_000,
  }, async () => {
    service.answer = ({ method, url, headers }, response) => {
      response.end(`${method} ${url} ${headers.authorization}`);
    };
    const wrong: unknown[] = [];
    const nonces = new Set<string>();
    for (let from = 0; from < all.length; from += batch) {
      const sent = all.slice(from, from + batch).map(begin);
      // Some never get a response, because they announce more than they send.
      await Promise.race([Promise.all(sent.map(({ answered }) => answered)), ask().then(ask)]);
      for (const { wanted, got } of [await ask(), await ask()]) if (wanted !== got) wrong.push({ wanted, got, from });
      for (const { end } of sent) end();
      for (const recorded of service.recorded.splice(0)) {
        const proven = readProof(gatewayKey, recorded);
        const twice = proven !== undefined && nonces.has(proven.nonce);
        if (proven === undefined || twice || JSON.stringify(recorded.headers).includes('SMUGGLED'))
          wrong.push({ recorded, from });
        nonces.add(proven?.nonce ?? '');
      }
    }
    expect(wrong).toEqual([]);
    // The second request of a connection is forwarded after the first is answered. By then most of these clients have disconnected.
    expect(nonces.size).toBeGreaterThan(all.length / 30);
  });
});
