import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGateway } from '../testing/gateway-process.ts';
import { connectFrom, exchange, json, RawClient } from '../testing/raw-http.ts';
import { RecordingService } from '../testing/recording-service.ts';
import { connectionLimits } from './connections.ts';

let gateway: GatewayProcess;
let host: string;

beforeAll(async () => {
  gateway = await startGateway({});
  host = `Host: 127.0.0.1:${gateway.port}`;
});

afterAll(() => gateway?.stop());

describe('a client that exceeds the limits of the gateway', () => {
  it('by its address gets 414', async () => {
    const answer = await exchange(gateway.port, [`GET /api/machines?q=${'x'.repeat(9000)} HTTP/1.1`, host]);
    expect([answer.status, json(answer).code]).toEqual([414, 'uri_too_long']);
  });

  it('by its headers gets 431', async () => {
    const answer = await exchange(gateway.port, ['GET /api/machines HTTP/1.1', host, `X-Large: ${'x'.repeat(17_000)}`]);
    expect([answer.status, json(answer).code]).toEqual([431, 'headers_too_large']);
  });

  it('by sending invalid HTTP gets 400', async () => {
    const answer = await exchange(gateway.port, ['\x16\x03\x01\x02hello']);
    expect([answer.status, json(answer).code]).toEqual([400, 'bad_request']);
  });

  it('by sending its headers slowly gets 408, while other clients are served', async () => {
    const slow = new RawClient(gateway.port);
    slow.write(`GET /api/machines HTTP/1.1\r\n${host}\r\nX-Slow: `);
    const drops = setInterval(() => slow.write('x'), 500);
    try {
      expect((await exchange(gateway.port, ['GET /api/health HTTP/1.1', host])).status).toBe(200);
      const answer = await slow.answer();
      expect([answer.status, json(answer).code]).toEqual([408, 'request_timeout']);
      await slow.closed();
    } finally {
      clearInterval(drops);
    }
  }, 15_000);
});

/** Resident memory of a process, in MB. */
const residentMb = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

describe('many connections', () => {
  it('of one client, and of ten, do not block other clients and signed-in users', async () => {
    const hub = await new RecordingService().start();
    const instance = await startGateway({ AGENT_HUB_URLS: hub.url });
    hub.answer = ({ headers }, response) => {
      if (headers.authorization === 'Bearer good') response.setHeader('x-webxterm-signed-in', 'ada');
      response.writeHead(headers.authorization === 'Bearer good' ? 200 : 431, { 'content-length': 0 }).end();
    };
    const list = (token: string): string =>
      `GET /api/machines HTTP/1.1\r\nHost: 127.0.0.1:${instance.port}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const claims = Buffer.from(JSON.stringify({ sub: 'ada' })).toString('base64url');
    const health = ['GET /api/health HTTP/1.1', `Host: 127.0.0.1:${instance.port}`];
    const crowd: Socket[] = [];
    const open = (): number => crowd.filter(({ destroyed }) => !destroyed).length;
    const come = async (from: string, count: number): Promise<void> => {
      for (let made = 0; made < count; made += 100)
        crowd.push(...(await Promise.all(Array.from({ length: 100 }, () => connectFrom(from, instance.port)))));
      expect((await exchange(instance.port, health)).status).toBe(200);
    };
    const [signedIn, impostor] = [new RawClient(instance.port), new RawClient(instance.port)];
    try {
      signedIn.write(list('good'));
      const { status, headers } = await signedIn.answer();
      expect([status, headers]).toEqual([200, expect.not.objectContaining({ 'x-webxterm-signed-in': 'ada' })]);
      // The service rejects this request before it checks the token.
      impostor.write(list(`h.${claims}.s`));
      expect((await impostor.answer()).status).toBe(431);
      const before = residentMb(instance.child.pid);
      await come('127.0.0.1', 1000);
      await impostor.closed();
      await expect.poll(open).toBeLessThanOrEqual(connectionLimits.perAddress);
      for (let address = 2; address <= 10; address += 1) await come(`127.0.0.${address}`, 600);
      await expect.poll(open).toBeLessThanOrEqual(connectionLimits.unauthenticated);
      expect(residentMb(instance.child.pid) - before).toBeLessThan(200);
      signedIn.write(list('good'));
      expect((await signedIn.answer()).status).toBe(200);
    } finally {
      for (const socket of [...crowd, signedIn.socket]) socket.destroy();
      await instance.stop();
      await hub.stop();
    }
  }, 60_000);
});
