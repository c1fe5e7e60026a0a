import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { RawTerminal, type Refusal } from './support/raw-terminal.ts';
import { eventually, onlineMachine, Rest } from './support/rest.ts';
import { rest as admin, ownMachine, stack, useStack } from './support/use-stack.ts';
import { VsayAgent } from './support/vsay-agent.ts';

let token = '';
let agentId = '';

useStack();
beforeAll(() => {
  token = admin.token ?? '';
  agentId = ownMachine.agent_id;
});
afterAll(() => stack.healthy());

const refusal = async (agent: string, query: Record<string, string | number>): Promise<Refusal> => {
  try {
    (await RawTerminal.open(stack.url, agent, query)).close();
  } catch (error) {
    return error as Refusal;
  }
  throw new Error('the upgrade was not refused');
};

describe('REST answers bad input', () => {
  const good = { username: 'badinput', email: 'badinput@example.com', password: 'yourpassword' };
  const rest = (): Rest => new Rest(stack.url);

  it.each([
    ['a missing field', { ...good, email: undefined }, 400, 'invalid_input'],
    ['an extra field', { ...good, role: 'admin' }, 400, 'invalid_input'],
    ['a wrong type', { ...good, password: { $gt: '' } }, 400, 'invalid_input'],
    ['an invalid e-mail', { ...good, email: 'nobody' }, 400, 'invalid_input'],
    ['a password of 5 characters', { ...good, password: '12345' }, 400, 'invalid_input'],
    ['what is not JSON', '{"username":', 400, 'bad_request'],
    ['a body of 100 KB', { ...good, username: 'x'.repeat(100_000) }, 413, 'payload_too_large'],
  ])('%s', async (_what, body, status, code) => {
    const answer = await rest().post('/api/signup', body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
  });

  it('another content type', async () => {
    const answer = await rest().send('POST', '/api/signup', JSON.stringify(good), { 'content-type': 'text/plain' });
    expect([answer.status, answer.body.code]).toEqual([415, 'unsupported_media_type']);
  });

  it('two sign-ups at once with one e-mail: one account, one 409', async () => {
    const both = await Promise.all(
      [1, 2].map((n) =>
        rest().post('/api/signup', {
          ...good,
          username: `race${n}`,
          email: n === 1 ? 'Race@example.com' : 'race@EXAMPLE.com',
        }),
      ),
    );
    expect(both.map((answer) => answer.status).sort()).toEqual([201, 409]);
    expect(both.find((answer) => answer.status === 409)?.body.code).toBe('email_taken');
  });

  it('a wrong password and an unknown address alike', async () => {
    const wrong = await rest().post('/api/login', { email: stack.admin.email, password: 'not the password' });
    const unknown = await rest().post('/api/login', { email: 'nobody@example.com', password: 'not the password' });
    expect([wrong.status, wrong.body.code, wrong.body.error]).toEqual([401, 'wrong_credentials', unknown.body.error]);
    expect(unknown.status).toBe(401);
  });

  it('unknown paths with 404, wrong methods with 405 and Allow', async () => {
    expect((await rest().get('/api/nothing')).status).toBe(404);
    const answer = await rest().send('DELETE', '/api/login');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
  });
});

describe('invalid tokens', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it.each(['missing', 'junk', 'tampered', 'alg none', 'an API key'])(
    '%s: 401 on REST and before the upgrade',
    async (kind) => {
      const [header = '', claims = '', signature = ''] = token.split('.');
      const bad: Record<string, string> = {
        missing: '',
        junk: 'junk',
        tampered: `${header}.${claims}.${signature.slice(0, -3)}AAA`,
        'alg none': `${part({ alg: 'none', typ: 'JWT' })}.${claims}.`,
        'an API key': `vsay_ak_${'a'.repeat(32)}`,
      };
      expect((await new Rest(stack.url, bad[kind]).get('/api/machines')).status).toBe(401);
      const upgrade = await refusal(agentId, { token: bad[kind] ?? '' });
      expect([upgrade.status, upgrade.body.code]).toEqual([401, 'unauthenticated']);
    },
  );
});

describe('machines that do not exist or belong to another user', () => {
  it('are both 404, by REST and before the upgrade', async () => {
    const outsider = await new Rest(stack.url).signup('outsider');
    const rest = new Rest(stack.url, outsider.token);
    const unknown = `ag_${'0'.repeat(26)}`;
    for (const id of [agentId, unknown]) {
      const answer = await rest.get(`/api/machines/${id}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'machine_not_found']);
      const upgrade = await refusal(id, { token: outsider.token });
      expect([upgrade.status, upgrade.body.code]).toEqual([404, 'machine_not_found']);
      expect((await rest.post('/api/terminal/tickets', { agent_id: id })).status).toBe(404);
    }
    expect(await rest.machines()).toEqual([]);
  });

  it("another user's session is 404 too", async () => {
    const session = await RawTerminal.open(stack.url, agentId, { token });
    const outsider = await new Rest(stack.url).signup('outsider2');
    const rest = new Rest(stack.url, outsider.token);
    expect(
      (await rest.post('/api/terminal/tickets', { agent_id: agentId, session_id: session.sessionId })).status,
    ).toBe(404);
    expect((await rest.send('DELETE', `/api/terminal/sessions/${session.sessionId}`)).status).toBe(404);
    session.close();
  });
});

describe('a terminal socket', () => {
  const v1 = (): Promise<{ code: number; reason: string }> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(
        `${stack.url.replace('http', 'ws')}/api/terminal/${agentId}/ws?token=${token}`,
        'webxterm.v1',
      );
      socket.on('open', () => socket.send(Buffer.from('ff00garbage', 'latin1')));
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
      socket.on('error', reject);
    });

  it('is closed with 1002 and the reason after an invalid frame', async () => {
    const closed = await v1();
    expect(closed.code).toBe(1002);
    expect(closed.reason).not.toBe('');
  });

  it('refuses a size of 0 x 0 and of 1001', async () => {
    for (const size of [
      { cols: 0, rows: 0 },
      { cols: 1001, rows: 24 },
    ]) {
      expect((await refusal(agentId, { token, ...size })).status).toBe(400);
      const session = await RawTerminal.open(stack.url, agentId, { token });
      expect((await admin.post(`/api/terminal/sessions/${session.sessionId}/resize`, size)).status).toBe(400);
      session.close();
    }
  });
});

describe('an agent', () => {
  it('with an invalid API key reports it once, and exits with a code', async () => {
    const agent = new VsayAgent();
    const run = await agent.finish('configure', '--token', `vsay_ak_${'b'.repeat(32)}`, '--host', stack.url);
    expect(run.code).toBe(3);
    expect(run.text.match(/API key/g)?.length).toBe(1);
    expect(run.text).not.toMatch(/ at .*\.ts:\d+/);
  });

  it('whose host cannot be reached reports it, retries, and connects when the host is reachable', async () => {
    const closed = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
    });
    const agent = new VsayAgent();
    const owner = await new Rest(stack.url).signup('unreachable');
    const configured = await agent.finish(
      'configure',
      '--token',
      owner.user.api_key,
      '--host',
      `http://127.0.0.1:${closed}`,
    );
    expect(configured.code).toBe(0);
    const run = agent.run('start');
    await eventually('it says that the host cannot be reached', async () =>
      /reach/i.test(run.text()) ? true : undefined,
    );
    expect(run.process.exitCode).toBeNull();
    await run.stop();
  });

  it('that disconnects leaves its machine offline: 503, and offline in the list', async () => {
    const owner = await new Rest(stack.url).signup('leaver');
    const rest = new Rest(stack.url, owner.token);
    const agent = new VsayAgent();
    expect(
      (await agent.finish('configure', '--token', owner.user.api_key, '--host', stack.url, '--name', 'leaver')).code,
    ).toBe(0);
    const run = agent.run('start');
    const machine = await onlineMachine(rest);
    await run.stop();
    await eventually('offline', async () => ((await rest.machines())[0]?.status === 'offline' ? true : undefined));
    const upgrade = await refusal(machine.agent_id, { token: owner.token });
    expect([upgrade.status, upgrade.body.code]).toEqual([503, 'machine_offline']);
  });
});
