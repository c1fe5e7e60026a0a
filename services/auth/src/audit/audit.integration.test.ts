import { type AuditRow, listAudit } from '@webxterm/contracts/rest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AuthUnderTest, admin, startAuthInstance, startTestServers } from '../testing/auth-under-test.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
let auth: AuthUnderTest;
let adminToken: string;

beforeAll(async () => {
  servers = await startTestServers();
  auth = await startAuthInstance(servers);
  adminToken = (await auth.call('POST', '/api/login', admin)).body.token ?? '';
});
afterAll(async () => {
  await auth?.stop();
  await servers?.stop();
});

const read = async (query = ''): Promise<AuditRow[]> => {
  const { status, body } = await auth.call('GET', `/api/audit${query}`, undefined, { token: adminToken });
  expect(status).toBe(200);
  return listAudit.success.schema.parse(body).events;
};

/** Waits until a row is there: what is audited is in the log within a second or two. */
const rowOf = (query: string, matching: (row: AuditRow) => boolean = () => true): Promise<AuditRow> =>
  vi.waitFor(async () => {
    const found = (await read(query)).find(matching);
    if (found === undefined) throw new Error(`no row for ${query}`);
    return found;
  }, 10_000);

const signUp = async (name: string) => {
  const { body } = await auth.call('POST', '/api/signup', {
    username: name,
    email: `${name}@example.com`,
    password: 'yourpassword',
  });
  return { token: body.token ?? '', id: String(body.user?.id) };
};

describe('what people do with their accounts', () => {
  it('is told with who did it, from where, and in which request', async () => {
    const ada = await signUp('ada');
    expect(await rowOf('?action=signup')).toMatchObject({
      service: 'auth',
      actor: { kind: 'user', user_id: ada.id, username: 'ada', verified: true },
      target: { type: 'user', id: ada.id, name: 'ada' },
      address: '203.0.113.9',
      request_id: 'the-request',
      result: 'ok',
    });
  });
});
