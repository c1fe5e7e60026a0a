import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreLastRelease } from './last-release/restore.ts';
import { eventually, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';

// Today's code on the databases that the last release left.

const root = join(import.meta.dirname, '..');
let stack: TestStack;
let visitor: Rest;

beforeAll(async () => {
  stack = await startTestStack({ agent: false, replicas: 2, prepare: restoreLastRelease, mayGrantItsMachine: true });
  visitor = new Rest(stack.url);
});
afterAll(() => stack?.stop());

const signedIn = async (name: string): Promise<Rest> =>
  visitor.as((await visitor.login({ email: `${name}@example.com`, password: 'yourpassword' })).token);
const namesOf = async (rest: Rest): Promise<string[]> => (await rest.machines()).map(({ name }) => name);

describe('on the databases of the last release', () => {
  it.each(['auth', 'agent-hub', 'terminal'])('%s has run each of its migrations, once', async (service) => {
    const files = readdirSync(join(root, 'services', service, 'src/migrations'));
    const steps = files.filter((file) => /^\d{4}-.*\.ts$/.test(file) && !file.includes('.test.'));
    const url = readFileSync(join(stack.dataDir, 'secrets', `mongo-url-${service}`), 'utf8').trim();
    const client = await new MongoClient(url).connect();
    const done = await client.db().collection('migrations').find().sort({ _id: 1 }).toArray();
    await client.close();
    expect(done.map(({ _id }) => `${_id}.ts`)).toEqual(steps.sort());
  });

  it('users sign in, and see their machines in order and what they were granted', async () => {
    const admin = visitor.as((await visitor.login(stack.admin)).token);
    expect(await namesOf(await signedIn('ada'))).toEqual(['Build box', 'node3', 'node20']);
    expect(await namesOf(await signedIn('bob'))).toEqual(['gate']);
    expect(await namesOf(admin)).toHaveLength(4);
    const { body } = await admin.get<{ users: { username: string }[] }>('/api/users');
    expect(body.users.map(({ username }) => username)).toEqual(['ada', 'admin', 'bob']);
  });

  it('a grant on a machine shows it to the user', async () => {
    const admin = visitor.as((await visitor.login(stack.admin)).token);
    const gate = (await admin.machines()).find(({ name }) => name === 'gate');
    const grant = await admin.post(`/api/machines/${gate?.agent_id}/access/grant`, {
      username: 'ada',
      role: 'control',
    });
    expect(grant.status).toBe(200);
    expect(await namesOf(await signedIn('ada'))).toContain('gate');
  });

  it('the audit log is whole, from the rows of the last release to those of now', async () => {
    const admin = visitor.as((await visitor.login(stack.admin)).token);
    await eventually('the grant is audited', async () => {
      const { body } = await admin.get<{ events: unknown[] }>('/api/audit?action=access_granted');
      return body.events.length === 2 || undefined;
    });
    const env = { WEBXTERM_DATA_DIR: stack.dataDir };
    const program = join(root, 'stack/src/audit-verify.ts');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const first: unknown[] = JSON.parse(readFileSync(join(import.meta.dirname, 'last-release/auth.json'), 'utf8'))
      .audit_events.documents;
    expect(Number(/whole: (\d+) rows \(1 to/.exec(stdout)?.[1])).toBeGreaterThan(first.length);
  });
});
