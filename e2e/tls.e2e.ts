import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectPlain, createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { agentKey, presenceBucket } from '@webxterm/contracts/bus';
import { certificateName } from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import { connectBus, openBucket } from '@webxterm/shared/bus';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { HttpProxy } from './support/http-proxy.ts';
import { callInternalPort } from './support/internal-call.ts';
import { listeningPorts } from './support/listening-ports.ts';
import { RawTerminal } from './support/raw-terminal.ts';
import { eventually, onlineMachine, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';
import { Vsay } from './support/vsay.ts';
import { VsayAgent } from './support/vsay-agent.ts';

let stack: TestStack;
let admin: Rest;
let apiKey = '';
let ca = '';
const before = getCACertificates('default');

beforeAll(async () => {
  stack = await startTestStack({ tls: true });
  ca = stack.ca ?? '';
  setDefaultCACertificates([...before, ca]);
  const session = await new Rest(stack.url).login(stack.admin);
  apiKey = session.user.api_key;
  admin = new Rest(stack.url, session.token);
});
afterAll(async () => {
  setDefaultCACertificates(before);
  await stack.stop();
});

const fingerprint = (): string => `sha256:${new X509Certificate(ca).fingerprint256.replaceAll(':', '').toLowerCase()}`;

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** Leads to the hub, bytes as they are, as a load balancer at layer 4 does. */
const passThrough = (hubPort: number): Promise<number> =>
  listening(
    createPlainServer((client) => {
      const hub = connectPlain(hubPort, '127.0.0.1');
      client.pipe(hub).pipe(client);
      for (const socket of [client, hub]) socket.on('error', () => undefined);
    }),
  );

/** Ends the agent's TLS with the hub's own stolen certificate and speaks TLS to the hub in its place. */
const manInTheMiddle = (hubPort: number, folder: string): Promise<number> =>
  listening(
    createServer(
      {
        cert: readFileSync(join(folder, 'tls.crt')),
        key: readFileSync(join(folder, 'tls.key')),
        ALPNProtocols: ['h2'],
      },
      (client) => {
        const servername = certificateName.hubForAgents;
        const hub = connect({ port: hubPort, host: '127.0.0.1', servername, ca, ALPNProtocols: ['h2'] });
        client.pipe(hub).pipe(client);
        for (const socket of [client, hub]) socket.on('error', () => undefined);
      },
    ),
  );

const hubPort = (): number => Number(stack.grpc[0]?.split(':').at(-1));

describe('vsay', () => {
  it('trusts a private CA by its fingerprint or by its file, for commands and terminals, and no other one; all of it through the proxy', async () => {
    const proxy = await HttpProxy.start();
    const vsay = new Vsay({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
    onTestFinished(() => {
      proxy.close();
      vsay.remove();
    });
    const scopes = ['see', 'open', 'command', 'account:read'];
    const { body } = await admin.post<{ token: string }>('/api/profile/tokens', { name: 'vsay', scopes });
    const login = (...more: string[]) => vsay.run(['login', stack.url, '--token', ...more], { input: body.token });
    const refused = [
      [254, [], '--ca-fingerprint'],
      [250, ['--ca-fingerprint', 'sha256:12'], '64 hexadecimal digits'],
      [252, ['--ca-fingerprint', `sha256:${'0'.repeat(64)}`], fingerprint()],
      [250, ['--ca', '/dev/null'], 'has no certificate'],
    ] as const;
    for (const [code, more, sentence] of refused)
      expect(await login(...more)).toMatchObject({ code, stderr: expect.stringContaining(sentence) });
    const file = join(vsay.folder, 'ca.pem');
    writeFileSync(file, ca);
    const machine = await onlineMachine(admin);
    for (const trust of [
      ['--ca', file],
      ['--ca-fingerprint', fingerprint()],
    ]) {
      expect(await login(...trust)).toMatchObject({ code: 0 });
      expect(await vsay.run(['exec', machine.name, 'echo over-tls'])).toMatchObject({ stdout: 'over-tls\n' });
      const shell = vsay.start(['connect', machine.name]);
      await shell.line('true');
      shell.type('exit 3\r');
      expect(await shell.ended).toBe(3);
      await vsay.run(['logout']);
    }
    expect(new Set(proxy.targets)).toEqual(new Set([new URL(stack.url).host]));
    // The proxy is the only way: without it, nothing arrives.
    proxy.close();
    expect(await login('--ca-fingerprint', fingerprint())).toMatchObject({ code: 254 });
    expect(await login('--ca', file)).toMatchObject({ code: 254 });
  });
});

describe('a stack that speaks TLS', () => {
  it("gives a terminal on this machine, whose agent has pinned the installation's private CA", async () => {
    const machine = await onlineMachine(admin);
    const terminal = await RawTerminal.open(stack.url, machine.agent_id, { token: admin.token ?? '' });
    await terminal.type('echo over-$((40+2))-tls\n');
    await terminal.untilText('over-42-tls');
    terminal.close();
    expect(stack.url).toMatch(/^https:/);
  });

  it('configures an agent by the fingerprint of its CA, and refuses another one', async () => {
    const agent = new VsayAgent();
    const common = ['configure', '--host', stack.url, '--token', apiKey, '--name', 'pinned'];
    const unproven = await agent.finish(...common);
    expect(unproven.code).toBe(3);
    expect(unproven.text).toContain(`--ca-fingerprint ${fingerprint()}`);
    const wrong = await agent.finish(...common, '--ca-fingerprint', `sha256:${'0'.repeat(64)}`);
    expect(wrong.code).toBe(3);
    expect(wrong.text).toContain('someone may stand between');
    const right = await agent.finish(...common, '--ca-fingerprint', fingerprint());
    expect(right.text).toContain('Registered as pinned');
    expect(right.code).toBe(0);
  });

  it('accepts an agent through a proxy that forwards TLS, and refuses one through a proxy that ends TLS', async () => {
    const agent = new VsayAgent();
    const configure = (port: number) =>
      agent.finish(
        'configure',
        ...['--host', stack.url, '--token', apiKey, '--name', 'behind'],
        ...['--ca-fingerprint', fingerprint(), '--grpc', `127.0.0.1:${port}`],
      );
    const stolen = await configure(await manInTheMiddle(hubPort(), join(stack.dataDir, 'tls', 'agent-hub')));
    expect(stolen.code).toBe(3);
    expect(stolen.text).toMatch(/signature/);
    const passed = await configure(await passThrough(hubPort()));
    expect(passed.text).toContain('Registered as behind');
  });

  it('refuses an agent without TLS', async () => {
    const answered = await new Promise<string>((resolve) => {
      const socket = connectPlain(hubPort(), '127.0.0.1', () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      for (const over of ['close', 'error']) socket.on(over, () => resolve(text));
    });
    // At most a TLS alert, no HTTP/2 settings.
    expect(answered.length).toBeLessThan(9);
  });

  it('accepts calls to the internal port from the terminal service alone, even if another process has its token', async () => {
    const token = readFileSync(join(stack.dataDir, 'secrets', 'hub-token'), 'utf8').trim();
    const hub = stack.processes().find(({ name }) => name === 'agent-hub-1');
    const answers = new Map<number, string>();
    for (const { port } of listeningPorts(hub?.pid ?? 0))
      answers.set(port, await callInternalPort(stack, port, { token, identity: 'terminal-internal' }));
    // The session belongs to no user. An accepted caller gets the error of an unknown sign-in.
    const [port = 0] = [...answers].find(([, answer]) => answer === 'UNAUTHENTICATED: unauthenticated') ?? [];
    expect([...answers]).toContainEqual([port, 'UNAUTHENTICATED: unauthenticated']);
    const wrongToken = await callInternalPort(stack, port, { token: 'x'.repeat(43), identity: 'terminal-internal' });
    expect(wrongToken).toMatch(/not that of the terminal service/);
    for (const identity of [undefined, 'gateway', 'agent-hub', 'agent-hub-internal'])
      expect(await callInternalPort(stack, port, { token, identity })).toMatch(
        /^UNAVAILABLE|not that of the terminal service/,
      );
  });

  it('sends nothing to a false hub that forged presence names, whatever certificate of this installation it has', async () => {
    const bus = await connectBus({
      urls: [`127.0.0.1:${stack.processes().find(({ name }) => name === 'nats')?.port}`],
      user: 'agent-hub',
      password: readFileSync(join(stack.dataDir, 'secrets', 'nats-agent-hub'), 'utf8').trim(),
      logger: createLogger({ service: 'agent-hub', level: 'silent' }),
    });
    const presence = await openBucket(bus, presenceBucket);
    const received = { dials: new Set<number>(), text: '' };
    const inTheClear = createPlainServer((socket) => listenTo(socket));
    const listenTo = (socket: Socket): void => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        received.text += bytes.toString('latin1');
      });
    };
    const withCertificate = (identity: string): Server => {
      const file = (name: string): Buffer => readFileSync(join(stack.dataDir, 'tls', identity, name));
      return createServer({ cert: file('tls.crt'), key: file('tls.key'), ALPNProtocols: ['h2'] }, listenTo);
    };
    const falseHubs = ['agent-hub', 'terminal-internal', 'gateway'].map(withCertificate);
    const attempts = [inTheClear, ...falseHubs].map(async (server, index) => {
      const port = await listening(server);
      server.on('connection', () => received.dials.add(index));
      // Of a machine that no hub holds: a true hub would write its own entry anew.
      const agentId = `ag_${String(index).repeat(26)}`;
      const entry = { agent_id: agentId, hub_id: 'false', address: `127.0.0.1:${port}`, generation: '9' };
      await presence.put(agentKey(agentId), JSON.stringify({ ...entry, instance_id: 'i', since: '' }));
      await expect(RawTerminal.open(stack.url, agentId, { token: admin.token ?? '' })).rejects.toMatchObject({
        body: { code: 'machine_not_found' },
      });
      await presence.delete(agentKey(agentId));
    });
    await Promise.all(attempts);
    await bus.close();
    expect([...received.dials].toSorted()).toEqual([0, 1, 2, 3]);
    // A hand-shake and no more, in the clear or inside of TLS.
    const token = readFileSync(join(stack.dataDir, 'secrets', 'hub-token'), 'utf8').trim();
    for (const secret of [token, 'PRI *', 'ag_']) expect(received.text).not.toContain(secret);
  });

  it('is dialled again by its agent after the hub was killed', async () => {
    const machine = await onlineMachine(admin);
    await stack.kill('agent-hub-1');
    const status = await eventually('the machine is back', async () => {
      const [same] = (await admin.machines()).filter(({ agent_id }) => agent_id === machine.agent_id);
      return same?.status === 'online' ? same.status : undefined;
    });
    expect(status).toBe('online');
  });
});
