import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuditRow } from '@webxterm/contracts/rest';
import { AppError, createLogger, gatewayHeaders, Shutdown } from '@webxterm/shared';
import { Api, signAccessToken } from '@webxterm/shared/api';
import type { AuditFact } from '@webxterm/shared/audit';
import { inTime } from '@webxterm/shared/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { maxExports, maxExportsPerUser, mountAudit } from './http.ts';

const gatewayKey = Buffer.alloc(32, 1);
const jwtKeys = [{ kid: 'k1', secret: Buffer.alloc(32, 2) }];
const logger = createLogger({ service: 'test', level: 'silent' });
const shutdown = new Shutdown(logger);
const now = Math.floor(Date.now() / 1000);
const userId = 'a'.repeat(24);
const otherId = 'b'.repeat(24);
const tokenOf = (who: string): string =>
  signAccessToken(jwtKeys, { userId: who, sid: `sid-of-an-admin-${who[0]}`, now, expiresAt: now + 60 });
const entry = { user_id: userId, username: 'ada', disabled: false, exp: 4_000_000_000, epoch: 'e' };
const facts = { requestId: 'r', clientIp: '203.0.113.9', proto: 'http', host: 'localhost' } as const;

const row = (seq: number): AuditRow => ({
  seq,
  event_id: 'x'.repeat(22),
  at: '2026-11-25T10:00:00.000Z',
  recorded_at: '2026-11-25T10:00:01.000Z',
  service: 'auth',
  action: 'login',
  actor: { kind: 'user', user_id: userId, username: 'ada', verified: true },
  target: null,
  agent_id: null,
  session_id: null,
  address: '203.0.113.9',
  user_agent: 'u'.repeat(200),
  result: 'ok',
  reason: null,
  request_id: 'r',
  count: 1,
  details: {},
});

/** More rows than a real log has: about 500 MB as CSV. */
const total = 1_000_000;
let read = 0;
let left = 0;
let role: 'admin' | 'user' = 'admin';
let recorded: AuditFact[] = [];
let port = 0;

const query = {
  page: async () => ({ events: [], next_cursor: null }),
  all: async function* (): AsyncGenerator<AuditRow> {
    try {
      for (let seq = 1; seq <= total; seq += 1) {
        read += 1;
        yield row(seq);
      }
    } finally {
      left += 1;
    }
  },
};

beforeAll(async () => {
  const allowList = {
    find: async (sid: string) => ({
      ...entry,
      user_id: sid.endsWith('b') ? otherId : userId,
      role: 'admin' as const,
    }),
    require: () => ({ ...entry, role }),
  };
  const auditor = {
    record: async (fact: AuditFact) => {
      if (fact.details?.machine === `ag_${'1'.repeat(26)}`) throw new AppError('unavailable');
      recorded.push(fact);
    },
  };
  const api = new Api({ gatewayKey, jwtKeys, allowList, logger });
  mountAudit(api, { query, auditor, allowList });
  const address = (await api.listen('127.0.0.1', 0, shutdown)).address();
  port = (address as AddressInfo).port;
});
afterAll(() => shutdown.run());
beforeEach(() => {
  [read, left, role, recorded] = [0, 0, 'admin', []];
});

/** A client that has received the headers and reads no more. */
const begin = (path = '/api/audit/export.csv', who = userId): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const authorized = { authorization: `Bearer ${tokenOf(who)}` };
    const headers = {
      ...authorized,
      ...gatewayHeaders(gatewayKey, { method: 'GET', url: path, headers: authorized }, facts),
    };
    request({ port, path, headers, agent: false }, (response) => {
      response.pause();
      resolve(response);
    })
      .on('error', reject)
      .end();
  });

const within = { timeout: 20_000, interval: 300 };

const untilQuiet = async (): Promise<number> => {
  let before = -1;
  await vi.waitFor(() => {
    const same = read === before && read > 0;
    before = read;
    expect(same).toBe(true);
  }, within);
  return read;
};

describe('a large download', { timeout: 2 * within.timeout }, () => {
  it('is read from the database no faster than the client reads it, and no further after the client has left', async () => {
    const response = await begin();
    expect(response.headers['content-type']).toContain('text/csv');
    expect(response.headers['content-disposition']).toMatch(/^attachment; filename="audit-.*\.csv"$/);
    // Only as much as the sockets in between can buffer.
    expect(await untilQuiet()).toBeLessThan(total / 20);
    expect(left).toBe(0);
    response.destroy();
    await vi.waitFor(() => expect(left).toBe(1), within);
    expect(read).toBeLessThan(total / 20);
    expect(recorded).toMatchObject([{ action: 'audit_exported', details: { format: 'csv' } }]);
  });

  it('is aborted, and does not look complete, if the caller is no administrator any more', async () => {
    const response = await begin('/api/audit/export.ndjson');
    role = 'user';
    response.resume();
    await inTime(
      'the response breaks off',
      new Promise<void>((resolve) => response.once('error', () => resolve()).once('close', resolve)),
    );
    expect(response.complete).toBe(false);
    expect(read).toBeLessThan(total);
  });

  it('is refused if it cannot be audited', async () => {
    const response = await begin(`/api/audit/export.ndjson?machine=ag_${'1'.repeat(26)}`);
    expect([response.statusCode, read]).toEqual([503, 0]);
    response.destroy();
  });

  it('is limited in number at a time, and one administrator cannot use all places', async () => {
    const running = await Promise.all(Array.from({ length: maxExportsPerUser }, () => begin()));
    const beyondShare = await begin();
    expect(beyondShare.statusCode).toBe(429);
    for (let count = maxExportsPerUser; count < maxExports; count += 1) {
      const another = await begin('/api/audit/export.csv', otherId);
      expect(another.statusCode).toBe(200);
      running.push(another);
    }
    const refused = await begin('/api/audit/export.csv', otherId);
    expect(refused.statusCode).toBe(429);
    expect(refused.headers['retry-after']).toBeDefined();
    for (const response of [...running, beyondShare, refused]) response.destroy();
    await vi.waitFor(async () => {
      const again = await begin();
      again.destroy();
      expect(again.statusCode).toBe(200);
    }, within);
  });
});
