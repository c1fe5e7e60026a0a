import { randomBytes } from 'node:crypto';
import {
  busMacPurposes,
  MachineSessionsEvent,
  machineSessionsSubject,
  presenceBucket,
  signinBucket,
} from '@webxterm/contracts/bus';
import { listAudit, TerminalSession } from '@webxterm/contracts/rest';
import { MacKey, sealMessage } from '@webxterm/shared/bus';
import { OtlpCollector, until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { useWorld, world } from './testing/use-world.ts';
import { json, type RawClient } from './testing/world.ts';

const collector = new OtlpCollector();
useWorld(async () => ({
  tracing: { OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start(), OTEL_BSP_SCHEDULE_DELAY: '200' },
}));
afterAll(() => collector.stop());
let bob: string;

beforeAll(async () => {
  bob = await world.signUp('bob');
});

const SessionPage = z.object({ sessions: z.array(TerminalSession), total: z.number(), total_pages: z.number() });

const page = async (query: string): Promise<z.infer<typeof SessionPage>> =>
  SessionPage.parse(await json(await world.api('GET', `machines/${world.agentId}/sessions?${query}`)));

const read = async (id: string): Promise<TerminalSession> =>
  TerminalSession.parse((await json(await world.api('GET', `sessions/${id}`))).session);

const agentName = (): string =>
  world.stack.processes.find(({ name }) => name.includes('agent') && !name.includes('hub'))?.name ?? '';

const idOf = (client: RawClient): string => String(client.headers['x-session-id']);

const passed = (ms: number): Promise<void> => {
  const from = performance.now();
  return until(() => performance.now() - from > ms);
};

describe('the records of sessions', () => {
  it('are listed for the machine, page by page, and read one by one', async () => {
    const [first, second] = [await world.shell(), await world.shell()];
    await until(async () => (await page('status=active')).total === 2);
    const newest = await page('status=active&limit=1');
    expect(newest.sessions.map(({ session_id }) => session_id)).toEqual([idOf(second)]);
    expect(newest.total_pages).toBe(2);
    expect(await read(idOf(first))).toMatchObject({
      agent_id: world.agentId,
      username: 'admin',
      status: 'active',
      closed_at: null,
    });
    for (const client of [first, second]) client.send('exit 4\n');
    await until(async () => (await page('status=active')).total === 0);
    const closed = await read(idOf(first));
    expect(closed).toMatchObject({ status: 'closed', exit_code: 4, cause: 'shell_exit' });
    expect((await page('')).sessions).toContainEqual(closed);
    expect((await page('status=closed')).sessions).toContainEqual(closed);
    expect((await world.api('GET', `machines/${world.agentId}/sessions?status=odd`)).status).toBe(400);
  });

  it('have the title, program and directory of the shell, and the name that its user gives', async () => {
    const client = await world.shell();
    client.send("cd /usr; printf '\\033]0;my work\\007'; exec sleep 1000\n");
    await until(async () => (await read(idOf(client))).title === 'my work', 15_000);
    expect(await read(idOf(client))).toMatchObject({ directory: '/usr' });
    const path = `terminal/sessions/${idOf(client)}`;
    const named = await json(await world.api('PATCH', path, { name: ' build ' }));
    expect(TerminalSession.parse(named.session)).toMatchObject({ name: 'build', title: 'my work' });
    expect(await read(idOf(client))).toMatchObject({ name: 'build' });
    expect((await world.api('PATCH', path, { name: 'theirs' }, bob)).status).toBe(404);
    expect((await world.api('PATCH', path, { name: '\u202e' })).status).toBe(400);
    expect((await json(await world.api('PATCH', path, { name: null }))).session).not.toHaveProperty('name');
    expect((await world.api('DELETE', path)).status).toBe(204);
    await client.closed;
    await until(async () => (await world.api('PATCH', path, { name: 'late' })).status === 404);
  });

  it('are visible to their user only', async () => {
    const client = await world.shell();
    const machine = await world.api('GET', `machines/${world.agentId}/sessions`, undefined, bob);
    expect([machine.status, (await json(machine)).code]).toEqual([404, 'machine_not_found']);
    const session = await world.api('GET', `sessions/${idOf(client)}`, undefined, bob);
    expect([session.status, (await json(session)).code]).toEqual([404, 'session_not_found']);
    expect((await world.api('GET', 'sessions/junk')).status).toBe(404);
    client.send('exit\n');
    await client.closed;
  });

  it('accept a resize only while a raw client is attached', async () => {
    const client = await world.shell();
    const path = `terminal/sessions/${idOf(client)}/resize`;
    const size = { cols: 90, rows: 25 };
    await until(async () => (await world.api('POST', path, size)).status === 204);
    client.socket.close();
    await until(async () => (await world.api('POST', path, size)).status === 409);
    expect((await json(await world.api('POST', path, size))).code).toBe('conflict');
    const back = await world.raw({ session_id: idOf(client), viewer_id: String(client.headers['x-viewer-id']) });
    await until(async () => (await world.api('POST', path, size)).status === 204);
    back.send('exit\n');
    await back.closed;
    await until(async () => (await world.api('POST', path, size)).status === 404);
  });

  it('are closed if the agent died with its shells, and a session that was opened since stays', async () => {
    const lost = await world.shell();
    // Sessions younger than the allowed clock difference are not closed.
    await passed(5500);
    lost.socket.terminate();
    await world.stack.kill(agentName());
    let since: RawClient | undefined;
    await until(async () => {
      since = await world.shell();
      return true;
    }, 30_000);
    await until(async () => (await read(idOf(lost))).status === 'closed', 15_000);
    expect(await read(idOf(lost))).toMatchObject({ cause: 'agent_stopped', exit_code: null });
    const live = since === undefined ? '' : idOf(since);
    expect((await read(live)).status).toBe('active');
    since?.send('exit\n');
    await since?.closed;
  });

  it('are closed also when no terminal service ran at that time', async () => {
    const lost = await world.shell();
    await passed(5500);
    lost.socket.terminate();
    await world.stack.stopProcess('terminal-1');
    try {
      await world.stack.kill(agentName());
      await until(async () => {
        const { machines } = await json(await world.api('GET', 'machines?status=online'));
        return Array.isArray(machines) && machines.length === 1;
      });
      // The new agent sends its list before its stats, so the hub has the list when the stats arrive.
      await passed(2000);
    } finally {
      await world.stack.startProcess('terminal-1');
    }
    await until(async () => (await read(idOf(lost))).cause === 'agent_stopped', 15_000);
  });

  it('are audited once each, also after an outage of the bus', async () => {
    const client = await world.shell();
    const sessionId = idOf(client);
    await until(async () => (await read(sessionId)).status === 'active');
    await world.stack.stopProcess('nats');
    try {
      client.send('exit\n');
      await client.closed;
      // The first attempt has failed by then.
      await passed(2500);
    } finally {
      await world.stack.startProcess('nats');
    }
    let audited: unknown[] = [];
    await until(async () => {
      const answer = await json(await world.api('GET', `audit?machine=${world.agentId}&limit=200`));
      const { events } = listAudit.success.schema.parse(answer);
      audited = events.filter(({ session_id }) => session_id === sessionId).map(({ action }) => action);
      return audited.includes('terminal_closed');
    }, 30_000);
    expect(audited.toSorted()).toEqual(['terminal_closed', 'terminal_opened']);
  });

  it('do not change by an invalid list, or by one that is not of a hub', async () => {
    const client = await world.shell();
    await until(async () => (await read(idOf(client))).status === 'active');
    const bus = await world.bus('agent-hub');
    const subject = machineSessionsSubject(world.agentId);
    const key = new MacKey(Buffer.from(world.secret('pass-key'), 'base64url'), busMacPurposes.hubsToTerminals);
    const publish = (payload: string): void =>
      bus.publish(subject, payload, { headers: sealMessage(key, subject, payload, Date.now()) });
    const later = new Date(Date.now() + 60_000).toISOString();
    for (const junk of ['{', '{}', JSON.stringify({ agent_id: world.agentId, linked_at: later, session_ids: ['x'] })])
      publish(junk);
    const whole = { agent_id: world.agentId, linked_at: later, session_ids: [idOf(client)] };
    expect(MachineSessionsEvent.safeParse(whole).success).toBe(true);
    publish(JSON.stringify(whole));
    // Not from a hub: without a signature, or with that of another key.
    const none = JSON.stringify({ ...whole, session_ids: [] });
    bus.publish(subject, none);
    const otherKey = new MacKey(randomBytes(32), busMacPurposes.hubsToTerminals);
    bus.publish(subject, none, { headers: sealMessage(otherKey, subject, none, Date.now()) });
    await bus.flush();
    client.send('echo alive-$((1+1))\n');
    await client.says('alive-2');
    expect((await read(idOf(client))).status).toBe('active');
    publish(none);
    await until(async () => (await read(idOf(client))).status === 'closed');
    client.send('exit\n');
    await client.closed;
  });
});

/** Auth creates the buckets again, and each reader finds them again by a check of its own. */
const recoveryMs = 60_000;

describe('when NATS loses the buckets of sign-ins and presence', () => {
  it('the terminal service reads the new ones: a new sign-in, its end, and the hub that the agent dialled since', async () => {
    const init = await world.bus('init');
    for (const bucket of [signinBucket, presenceBucket]) {
      const answer = await init.request(`$JS.API.STREAM.DELETE.KV_${bucket}`);
      expect(answer.json()).toMatchObject({ success: true });
    }
    const sessions = async (token: string): Promise<number> =>
      (await world.api('GET', 'terminal/sessions', undefined, token)).status;
    await until(async () => (await sessions(world.token)) === 200, recoveryMs);
    // Until the bucket is there again, an account may be made, but its sign-in is answered with 503.
    let late = '';
    await until(async () => {
      late = await world.signUp('late').catch(() => world.signIn('late'));
      return true;
    }, recoveryMs);
    await until(async () => (await sessions(late)) === 200, recoveryMs);
    expect((await world.api('POST', 'auth/logout', undefined, late)).status).toBe(204);
    await until(async () => (await sessions(late)) === 401, recoveryMs);
    // The hub gets another address by its restart, which only the new bucket contains.
    await world.stack.kill('agent-hub-1');
    await until(async () => {
      const client = await world.shell();
      client.send('exit\n');
      return true;
    }, 30_000);
  });
});

describe('the trace of a request', () => {
  /** Waits for the batches of all services. @returns the way to each span that no other one has as its parent, of the trace of the request */
  const waysOf = async (requestId: string, last: string): Promise<string[][]> => {
    const ofRequest = () => {
      const first = collector.spans.find(({ attributes }) => attributes['webxterm.request_id'] === requestId);
      return collector.spans.filter(({ traceId }) => traceId === first?.traceId);
    };
    await until(() => ofRequest().some(({ service, name }) => `${service}: ${name}` === last), 30_000);
    const whole = (): boolean => ofRequest().every((span) => !collector.wayTo(span).includes('unknown'));
    await until(whole, 30_000);
    const spans = ofRequest();
    const leaves = spans.filter(({ spanId }) => !spans.some(({ parentId }) => parentId === spanId));
    return leaves.map((span) => collector.wayTo(span));
  };
  const requestIdOf = (response: Response): string => response.headers.get('x-request-id') ?? '';
  const toMachine = ['webxterm-terminal: attach', 'webxterm-agent-hub: attach', 'vsay-agent: open session'];

  it('reaches the machine when a terminal is opened', async () => {
    const client = await world.shell();
    const ways = await waysOf(String(client.headers['x-request-id']), 'vsay-agent: open session');
    expect(ways).toContainEqual([
      'webxterm-gateway: GET /api/terminal/:agent_id/ws',
      'webxterm-terminal: open',
      ...toMachine,
    ]);
    client.send('exit\n');
    await client.closed;
  });

  it('reaches the machine when a command runs', async () => {
    const answer = await world.api('POST', `machines/${world.agentId}/command`, { command: 'echo secret-words' });
    expect(answer.status).toBe(200);
    expect(await waysOf(requestIdOf(answer), 'vsay-agent: run command')).toContainEqual([
      'webxterm-gateway: POST /api/machines/:agent_id/command',
      'webxterm-agent-hub: runMachineCommand',
      'vsay-agent: run command',
    ]);
  });

  it('passes the bus and reaches the machine when files are listed', async () => {
    const answer = await world.api('GET', `machines/${world.agentId}/files?path=/usr/share`);
    expect(answer.status).toBe(200);
    const first = ['webxterm-gateway: GET /api/machines/:agent_id/files', 'webxterm-terminal: listFiles'];
    const ways = await waysOf(requestIdOf(answer), 'vsay-agent: open session');
    expect(ways).toContainEqual([...first, ...toMachine]);
    expect(ways.map((way) => way.slice(0, 4))).toContainEqual([
      ...first,
      expect.stringMatching(/^webxterm-terminal: ask /),
      expect.stringMatching(/^webxterm-agent-hub: answer /),
    ]);
  });

  it('is not chosen by the client', async () => {
    const traceId = 'ab'.repeat(16);
    const headers = { authorization: `Bearer ${world.token}`, traceparent: `00-${traceId}-${'cd'.repeat(8)}-01` };
    const answer = await fetch(`${world.stack.url}/api/machines`, { headers });
    await waysOf(requestIdOf(answer), 'webxterm-agent-hub: listMachines');
    expect(collector.spans.map((span) => span.traceId)).not.toContain(traceId);
  });

  it('has no command, path, token, name or address of a person', () => {
    const text = JSON.stringify(collector.spans, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
    for (const hidden of ['secret-words', '/usr/share', world.token, world.stack.admin.email, 'admin', 'bob'])
      expect(text).not.toContain(hidden);
  });

  it('has the times of a machine within those of the hub that asked it', () => {
    const agents = collector.spans.filter(({ service }) => service === 'vsay-agent');
    expect(agents.length).toBeGreaterThan(0);
    for (const { start, end, parentId } of agents) {
      const hub = collector.spans.find(({ spanId }) => spanId === parentId);
      expect(hub && start >= hub.start && end >= start).toBe(true);
    }
  });
});
