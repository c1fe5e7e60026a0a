import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { createAuthority, issueCertificate } from '@webxterm/stack/pki';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { doctor } from '../cli/doctor.ts';
import { printStatus } from '../cli/status.ts';
import type { Check } from '../doctor/check.ts';
import { TestHub } from './test-hub.ts';

const main = path.join(import.meta.dirname, '..', 'main.ts');

let directory = '';
let hub: TestHub;
let host = '';
const children: ChildProcess[] = [];

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

const wellKnown = (grpc: object): string =>
  JSON.stringify({ name: 'WebXTerm', version: '1', installation_id: 'i', grpc });
const answers: RequestListener = (_request, response) =>
  void response.end(wellKnown({ addresses: [hub.address], tls: false }));

const config = (): string => path.join(directory, 'agent.yaml');
const write = (settings: object): Promise<void> =>
  writeFile(
    config(),
    JSON.stringify({ host, name: 'box', linux_user: os.userInfo().username, token: 'vsay_ak_test', ...settings }),
    { mode: 0o600 },
  );

/** The checks that are not ok, by name, and the exit code. */
const diagnose = async () => {
  const lines: string[] = [];
  const code = await doctor(config(), { json: true }, (line) => lines.push(line));
  const { healthy, checks }: { healthy: boolean; checks: Check[] } = JSON.parse(lines.join('\n'));
  expect(healthy).toBe(code === 0);
  for (const { state, remedy } of checks) expect(remedy === '').toBe(state === 'ok');
  return {
    code,
    of: (name: string) => checks.find((each) => each.name === name),
    names: checks.map(({ name }) => name),
  };
};

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'agent-doctor-'));
  hub = await new TestHub().start();
  host = `http://127.0.0.1:${await listen(createServer(answers))}`;
  await write({});
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  hub.kill();
  await rm(directory, { recursive: true, force: true });
});

describe('vsay-agent doctor', () => {
  it('finds nothing on a connected machine, and status --json gives the documented fields', async () => {
    const linked = hub.nextLink();
    children.push(spawn(process.execPath, [main, 'start', '--config', config()], { stdio: 'ignore' }));
    await linked;
    await expect.poll(async () => (await diagnose()).of('Agent')?.state, { timeout: 20_000 }).toBe('ok');
    const { code, names, of } = await diagnose();
    expect(code).toBe(0);
    expect(names).toEqual(
      'Configuration Agent Name TCP Proxy Server Clock Hub Credential User Terminals Logins Service Disk Permissions Version'.split(
        ' ',
      ),
    );
    expect(of('Hub')).toMatchObject({ state: 'ok', text: `${hub.address} answers` });
    const lines: string[] = [];
    expect(await printStatus(config(), { json: true }, (line) => lines.push(line))).toBe(0);
    const status: Record<string, unknown> = JSON.parse(lines.join('\n'));
    expect(status).toMatchObject({ name: 'box', host, running: true, state: 'connected', sessions: 0, problem: null });
    const documented = await readFile(path.join(import.meta.dirname, '../../../../docs/agent.md'), 'utf8');
    const table = documented.slice(documented.indexOf('### status --json'), documented.indexOf('### doctor --json'));
    expect(Object.keys(status)).toEqual([...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name));
  });

  it('reports that the agent does not run, and that there is no configuration', async () => {
    expect(await diagnose()).toMatchObject({ code: 1 });
    expect((await diagnose()).of('Agent')).toMatchObject({ state: 'failure', text: 'the agent does not run' });
    await rm(config());
    const { code, of, names } = await diagnose();
    expect([code, names]).toEqual([1, ['Configuration']]);
    expect(of('Configuration')).toMatchObject({ state: 'failure', remedy: expect.stringContaining('Add a machine') });
  });

  it.each([
    ['a name that does not exist', 'Name', { host: 'https://webxterm.invalid' }, /cannot be resolved/],
    ['a port that nobody listens on', 'TCP', { host: 'https://127.0.0.1:1' }, /ECONNREFUSED/],
    ['a user that does not exist', 'User', { linux_user: 'nobody-of-that-name' }, /no user nobody-of-that-name/],
  ])('names %s', async (_what, name, settings, text) => {
    await write(settings);
    const { code, of } = await diagnose();
    expect([code, of(name)]).toEqual([
      1,
      expect.objectContaining({ state: 'failure', text: expect.stringMatching(text) }),
    ]);
  });

  it('detects a captive portal, a wrong clock and an unreachable hub', async () => {
    const date = new Date(Date.now() + 20 * 365 * 86_400_000).toUTCString();
    const portal = createServer((_request, response) => response.setHeader('date', date).end('<html>Sign in</html>'));
    await write({ host: `http://127.0.0.1:${await listen(portal)}` });
    const { of } = await diagnose();
    expect(of('Server')).toMatchObject({
      state: 'failure',
      text: expect.stringContaining('not the answer of a WebXTerm'),
    });
    expect(of('Clock')).toMatchObject({ state: 'failure', text: expect.stringMatching(/7300 days behind the server/) });
    await write({});
    hub.kill();
    expect((await diagnose()).of('Hub')).toMatchObject({
      state: 'failure',
      text: expect.stringContaining('does not answer as a hub'),
    });
  });

  it('verifies TLS with the pinned CA, and shows its fingerprint', async () => {
    const [ours, other] = [await createAuthority(Date.now()), await createAuthority(Date.now())];
    const { certificate, key } = await issueCertificate(ours, { names: ['127.0.0.1'], usage: 'server' }, Date.now());
    const server = createTlsServer({ cert: certificate, key }, answers);
    const port = await listen(server);
    await write({ host: `https://127.0.0.1:${port}`, ca: ours.certificate, grpc: hub.address });
    expect((await diagnose()).of('TLS')).toMatchObject({
      state: 'ok',
      text: expect.stringMatching(/verified with the pinned private CA sha256:[0-9a-f]{64}/),
    });
    await write({ host: `https://127.0.0.1:${port}`, ca: other.certificate });
    expect((await diagnose()).of('TLS')).toMatchObject({ state: 'failure' });
    await write({ host: `https://127.0.0.1:${port}` });
    expect((await diagnose()).of('TLS')).toMatchObject({ state: 'failure' });
  });

  it.each([
    ['without a password', '', 407, /wants a user and a password/],
    ['that forbids the server', 'user:secret@', 403, /answered 403 to CONNECT/],
  ])('names a proxy %s, and shows no password', async (_what, login, status, text) => {
    const proxy = createServer();
    proxy.on('connect', (_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
    await write({ host: 'https://webxterm.test', proxy: `http://${login}127.0.0.1:${await listen(proxy)}` });
    const { of } = await diagnose();
    expect(of('Proxy')).toMatchObject({ state: 'failure', text: expect.stringMatching(text) });
    expect([of('Name')?.state, of('TCP')?.state]).toEqual(['ok', 'ok']);
    expect(JSON.stringify([of('Proxy'), of('TLS')])).not.toContain('secret');
  });
});
