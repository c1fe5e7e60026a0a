import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { createLogger } from '../log/logger.ts';
import { GatewayGuard } from './gateway-guard.ts';
import { gatewayHeaderNames, gatewayHeaders, maxSkewMs } from './gateway-proof.ts';

const key = Buffer.alloc(32, 3);
const facts = { requestId: 'r1', clientIp: '203.0.113.9', proto: 'https', host: 'term.example.com' } as const;
const plain = {
  method: 'POST',
  url: '/api/machines?page=2',
  headers: { authorization: 'Bearer x', 'content-type': 'application/json', 'content-length': '2' },
};
const sent = (time?: number) => ({
  ...plain,
  headers: { ...plain.headers, ...gatewayHeaders(key, plain, facts, time) } as Record<string, string>,
});

/** A guard with a clock that the test sets, and the log lines of the guard. */
const guarded = (underKey = key) => {
  const lines: string[] = [];
  const clock = { now: Date.now() };
  const logger = createLogger({ service: 'test', level: 'warn' }, { write: (line) => void lines.push(line) });
  return { guard: new GatewayGuard(underKey, logger, () => clock.now), clock, lines };
};

const refused = { code: 'not_gateway' };

describe("the gateway's facts about a request", () => {
  it('is believed with its proof', () => {
    expect(guarded().guard.check(sent())).toEqual(facts);
  });

  it('has the trace context of a traced request', () => {
    const traced = { ...facts, traceparent: '00-trace-span-01' };
    const headers: Record<string, string> = { ...plain.headers, ...gatewayHeaders(key, plain, traced) };
    expect(guarded().guard.check({ ...plain, headers })).toEqual(traced);
    const { traceparent, ...without } = headers;
    expect(traceparent).toBe('00-trace-span-01');
    expect(guarded().guard.check({ ...plain, headers: without })).toMatchObject(refused);
  });

  it.each([...Object.values(gatewayHeaderNames), 'authorization', 'content-type', 'content-length'])(
    'is not believed when %s was changed',
    (header) => {
      const request = sent();
      expect(guarded().guard.check({ ...request, headers: { ...request.headers, [header]: 'other' } })).toMatchObject(
        refused,
      );
    },
  );

  it.each(['cookie', 'transfer-encoding', 'content-encoding', 'origin', 'upgrade', 'user-agent', 'x-webxterm-browser'])(
    'is not believed when %s was added',
    (header) => {
      const request = sent();
      expect(guarded().guard.check({ ...request, headers: { ...request.headers, [header]: '1' } })).toMatchObject(
        refused,
      );
    },
  );

  it('is not believed for another method, path or query', () => {
    for (const change of [{ method: 'DELETE' }, { url: '/api/users?page=2' }, { url: '/api/machines?page=3' }])
      expect(guarded().guard.check({ ...sent(), ...change })).toMatchObject(refused);
  });

  it('is not believed without a proof or under another key', () => {
    expect(guarded().guard.check(plain)).toMatchObject(refused);
    expect(guarded(Buffer.alloc(32, 4)).guard.check(sent())).toMatchObject(refused);
    for (const proof of ['', '.', '..', '1.a.', `${Date.now()}`, 'x.y.z', '1e9.a.b'])
      expect(
        guarded().guard.check({ ...plain, headers: { ...plain.headers, [gatewayHeaderNames.proof]: proof } }),
      ).toMatchObject(refused);
  });

  it('is accepted once, also at the end of its validity', () => {
    const { guard, clock } = guarded();
    const request = sent(clock.now + maxSkewMs - 1);
    expect(guard.check(request)).toEqual(facts);
    for (let step = 0; step < 18; step += 1) {
      clock.now += 10_000;
      guard.check(sent(clock.now));
      expect(guard.check(request)).toBeInstanceOf(AppError);
    }
  });

  it('is accepted up to the allowed difference of the clocks, and the log has the difference', () => {
    const { guard, clock, lines } = guarded();
    expect(guard.check(sent(clock.now - maxSkewMs + 1))).toEqual(facts);
    expect(guard.check(sent(clock.now + maxSkewMs - 1))).toEqual(facts);
    expect(lines).toEqual([]);
    expect(guard.check(sent(clock.now + maxSkewMs))).toMatchObject({ code: 'unavailable', gatewayAheadSeconds: 90 });
    expect(lines.join()).toMatch(/unavailable.*clocks of the gateway.*"gateway_ahead_s":90/);
    expect(guard.check(sent(clock.now - maxSkewMs))).toMatchObject({ code: 'unavailable', gatewayAheadSeconds: -90 });
    expect(lines).toHaveLength(1);
    clock.now += 10_000;
    expect(guard.check(sent(clock.now - maxSkewMs))).toMatchObject({ code: 'unavailable', gatewayAheadSeconds: -90 });
    expect(lines[1]).toContain('"more_since_last_line":1');
  });

  it('is proven by a MAC of these lines, which gateways and services of two versions must agree on', () => {
    const request = sent(1_900_000_000_000);
    const [time, nonce, mac] = request.headers[gatewayHeaderNames.proof]?.split('.') ?? [];
    const lines = [
      ...['POST', '/api/machines?page=2', time, nonce, 'r1', '203.0.113.9', 'https', 'term.example.com'],
      ...['Bearer x', '', '2', 'application/json', '', '', '', '', '', '', '', '', ''],
    ];
    expect(time).toBe('1900000000000');
    expect(mac).toBe(createHmac('sha256', key).update(lines.join('\n')).digest('base64url'));
  });

  it('is not believed when the time of its proof is spelled otherwise, or the proof is there twice', () => {
    const request = sent();
    const proof = request.headers[gatewayHeaderNames.proof] ?? '';
    for (const other of [`+${proof}`, ` ${proof}`, proof.replace('.', ' .'), [proof, proof]])
      expect(
        guarded().guard.check({ ...request, headers: { ...request.headers, [gatewayHeaderNames.proof]: other } }),
      ).toMatchObject(refused);
  });

  it('is of the protocol http unless it says https', () => {
    const http = { ...facts, proto: 'http' } as const;
    const request = { ...plain, headers: { ...plain.headers, ...gatewayHeaders(key, plain, http) } };
    expect(guarded().guard.check(request)).toEqual(http);
  });

  it('is refused with a line in the log for each reason, once in 10 s', () => {
    const { guard, clock, lines } = guarded();
    const request = sent();
    guard.check(request);
    const refusals = () => [guard.check(plain), guard.check({ ...request, method: 'PUT' }), guard.check(request)];
    for (const refusal of [...refusals(), ...refusals()]) expect(refusal).toMatchObject(refused);
    clock.now += 9999;
    refusals();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { code: 'not_gateway', reason: 'the request has no proof of the gateway' },
      { code: 'not_gateway', reason: 'the proof does not match this request or this GATEWAY_KEY' },
      { code: 'not_gateway', reason: 'the proof was used before' },
    ]);
    for (const line of lines) {
      expect(line).toContain('refused a request that the gateway did not send');
      expect(line).not.toMatch(/gateway_ahead_s|more_since/);
    }
    clock.now += 1;
    refusals();
    expect(lines.slice(3)).toHaveLength(3);
    for (const line of lines.slice(3)) expect(line).toContain('"more_since_last_line":2');
  });
});
