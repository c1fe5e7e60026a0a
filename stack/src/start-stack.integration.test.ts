import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { identify } from './data-dir/process-identity.ts';
import { endWithUs, startStack } from './index.ts';
import { freePort } from './ports.ts';
import { isolatedSettings } from './settings.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const readyWithinMs = 90_000;
/** 10 s after SIGTERM, SIGKILL follows. The rest is for a busy machine. */
const orphansEndWithinMs = 20_000;

const StackFile = z.strictObject({
  url: z.url(),
  grpc: z.array(z.string()),
  processes: z.array(
    z.strictObject({ name: z.string(), pid: z.number(), port: z.number(), healthPort: z.number().optional() }),
  ),
  admin: z.strictObject({ email: z.string(), password: z.string() }),
});

const Token = z.object({ token: z.string() });

const folders: string[] = [];
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'webxterm-stack-'));
  folders.push(folder);
  return folder;
};

interface Run {
  readonly child: ChildProcess;
  text(): string;
  readonly exited: Promise<number | null>;
  until(words: string): Promise<void>;
}

const runs: Run[] = [];

/** The command of `npm start`, as a separate process. */
const npmStart = (settings: Readonly<Record<string, string>>): Run => {
  const { environment } = isolatedSettings(settings.WEBXTERM_DATA_DIR ?? '');
  const own = Object.entries(environment).filter(
    ([name]) => !/^(WEBXTERM_(?!CACHE)|MONGO_URL|NATS_URL|LOG_LEVEL)/.test(name),
  );
  const child = spawn(process.execPath, [main], {
    env: { ...Object.fromEntries(own), WEBXTERM_AGENT: 'off', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  let text = '';
  let onText = (): void => {};
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      text += String(chunk);
      onText();
    });
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const until = (words: string): Promise<void> =>
    new Promise((resolve, reject) => {
      onText = () => {
        if (text.includes(words)) resolve();
      };
      onText();
      void exited.then(() => reject(new Error(`it ended before it said "${words}":\n${text}`)));
    });
  const run = { child, text: () => text, exited, until };
  runs.push(run);
  return run;
};

const isRunning = (pid: number): boolean => identify('child', pid) !== undefined;

const commandOf = (pid: number): string[] => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');

const readStackFile = (dataDir: string) =>
  StackFile.parse(JSON.parse(readFileSync(join(dataDir, 'stack.json'), 'utf8')));

afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.child.kill('SIGTERM');
    await run.exited;
  }
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('npm start', () => {
  it(
    'leaves no process running after a kill -9 of itself, keeps the data, and ends everything on SIGTERM',
    async () => {
      const dataDir = temporaryFolder();
      const settings = {
        WEBXTERM_DATA_DIR: dataDir,
        WEBXTERM_PORT: String(await freePort()),
        WEBXTERM_GRPC_PORT: String(await freePort()),
      };
      const first = npmStart(settings);
      await first.until('WebXTerm is ready: http://127.0.0.1:');
      // Waits for the last of these lines, because they arrive one by one.
      await first.until('Ctrl-C stops everything');
      const before = readStackFile(dataDir);
      expect(before.processes.map(({ name }) => name).toSorted()).toEqual(
        ['agent-hub-1', 'auth-1', 'gateway-1', 'mongod', 'nats', 'terminal-1'].toSorted(),
      );
      expect(before.url).toBe(`http://127.0.0.1:${settings.WEBXTERM_PORT}`);
      expect(statSync(join(dataDir, 'stack.json')).mode & 0o777).toBe(0o600);
      // No service opens a debugger on a signal.
      for (const { name, pid } of before.processes.filter((child) => !['mongod', 'nats'].includes(child.name))) {
        expect([name, commandOf(pid)]).toEqual([name, expect.arrayContaining(['--disable-sigusr1'])]);
        process.kill(pid, 'SIGUSR1');
      }
      expect((await fetch(`${before.url}/api/health`)).status).toBe(200);
      expect(readStackFile(dataDir).processes).toEqual(before.processes);
      expect(first.text()).not.toContain(before.admin.password);
      expect(first.text()).toContain(join(dataDir, 'stack.json'));
      first.child.kill('SIGKILL');
      await first.exited;
      const killedAt = performance.now();
      while (before.processes.some(({ pid }) => isRunning(pid))) {
        expect(performance.now() - killedAt).toBeLessThan(orphansEndWithinMs);
        await wait(50);
      }

      // Behind a proxy this time.
      const second = npmStart({
        ...settings,
        WEBXTERM_PUBLIC_URL: 'https://term.example.org',
        WEBXTERM_EXTRA_ORIGINS: `http://127.0.0.1:${settings.WEBXTERM_PORT},https://tools.example.org`,
        WEBXTERM_TRUSTED_PROXIES: '127.0.0.0/8',
      });
      await second.until('WebXTerm is ready');
      const after = readStackFile(dataDir);
      expect(after.admin).toEqual(before.admin);
      const local = `http://127.0.0.1:${settings.WEBXTERM_PORT}`;
      const proxied = (path: string, request: RequestInit = {}): Promise<Response> =>
        fetch(`${local}${path}`, {
          ...request,
          headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7', ...request.headers },
        });
      const login = await proxied('/api/login', { method: 'POST', body: JSON.stringify(after.admin) });
      expect(login.status).toBe(200);
      const authorization = `Bearer ${Token.parse(await login.json()).token}`;
      // The audit log is written after the answer.
      const audit = async () => (await proxied('/api/audit?action=login', { headers: { authorization } })).text();
      await expect.poll(audit, { timeout: 20_000 }).toContain('203.0.113.7');
      const open = async (origin: string): Promise<string | null> =>
        (await proxied('/api/health', { headers: { origin } })).headers.get('access-control-allow-origin');
      expect(await open('https://tools.example.org')).toBe('https://tools.example.org');
      expect(await open('https://other.example.org')).toBeNull();

      second.child.kill('SIGTERM');
      expect(await second.exited).toBe(0);
      expect(after.processes.filter(({ pid }) => isRunning(pid))).toEqual([]);
      expect(readStackFile(dataDir).processes).toEqual([]);
    },
    2 * readyWithinMs,
  );

  it('names the port in use and the setting for another one', async () => {
    const port = await freePort();
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(port, '127.0.0.1', resolve));
    const run = npmStart({ WEBXTERM_DATA_DIR: temporaryFolder(), WEBXTERM_PORT: String(port) });
    expect(await run.exited).toBe(1);
    expect(run.text()).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect(run.text()).toContain('WEBXTERM_PORT');
    occupant.close();
  });

  it('names every wrong setting at once', async () => {
    const run = npmStart({
      WEBXTERM_DATA_DIR: temporaryFolder(),
      WEBXTERM_PORT: 'x',
      WEBXTERM_REPLICAS: '0',
      WEBXTERM_AGENT: 'maybe',
    });
    expect(await run.exited).toBe(1);
    for (const name of ['WEBXTERM_PORT', 'WEBXTERM_REPLICAS', 'WEBXTERM_AGENT']) expect(run.text()).toContain(name);
  });

  it('reports that a data folder cannot be created, and the remedy', async () => {
    const file = join(temporaryFolder(), 'a-file');
    writeFileSync(file, '');
    const run = npmStart({ WEBXTERM_DATA_DIR: join(file, 'data') });
    expect(await run.exited).toBe(1);
    expect(run.text()).toContain('WEBXTERM_DATA_DIR');
  });
});

describe('two stacks', () => {
  it(
    'run side by side, also with several instances, and recover from a kill -9 of any process',
    async () => {
      const [one, two] = await Promise.all([
        startStack({ dataDir: temporaryFolder(), agent: false, replicas: 2 }),
        startStack({ dataDir: temporaryFolder(), agent: false }),
      ]);
      try {
        expect(one.url).not.toBe(two.url);
        expect(one.admin.password).not.toBe(two.admin.password);
        expect(one.grpc).toHaveLength(2);
        expect(one.processes).toHaveLength(9);
        const pid = one.processes.find(({ name }) => name === 'terminal-2')?.pid;
        expect(await one.kill('terminal-2')).not.toBe(pid);
        const health = await fetch(`${two.url}/api/health`);
        expect(health.status).toBe(200);
      } finally {
        await Promise.all([one.stop(), two.stop()]);
      }
    },
    2 * readyWithinMs,
  );
});
