import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayProcess, startGateway } from '../testing/gateway-process.ts';
import { exchange, json, RawClient } from '../testing/raw-http.ts';

let gateway: GatewayProcess;
let host: string;

beforeAll(async () => {
  gateway = await startGateway({});
  host = `Host: 127.0.0.1:${gateway.port}`;
});

afterAll(() => gateway?.stop());

describe('a client that asks too much of the door', () => {
  it('by its address gets 414', async () => {
    const answer = await exchange(gateway.port, [`GET /api/machines?q=${'x'.repeat(9000)} HTTP/1.1`, host]);
    expect([answer.status, json(answer).code]).toEqual([414, 'uri_too_long']);
  });

  it('by its headers gets 431', async () => {
    const answer = await exchange(gateway.port, ['GET /api/machines HTTP/1.1', host, `X-Large: ${'x'.repeat(17_000)}`]);
    expect([answer.status, json(answer).code]).toEqual([431, 'headers_too_large']);
  });

  it('by sending what is no HTTP gets 400', async () => {
    const answer = await exchange(gateway.port, ['\x16\x03\x01\x02hello']);
    expect([answer.status, json(answer).code]).toEqual([400, 'bad_request']);
  });

  it('by sending its headers drop by drop gets 408, while others are served', async () => {
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
