import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { isolatedSettings } from '@webxterm/stack';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type AuthUnderTest,
  admin,
  startAuthInstance,
  startTestServers,
  type TestServers,
} from './testing/auth-under-test.ts';

/** Making a volume read-only for two processes alone needs a mount namespace, and that needs root. */
const mayMount = (): boolean => {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const within = { timeout: 60_000, interval: 200 };

/** Both servers, in a mount namespace of their own that lives as long as `holder`. */
class ServersOnAVolume {
  readonly #folder = mkdtempSync(join(tmpdir(), 'webxterm-volume-'));
  #holder: ChildProcess | undefined;
  #servers: TestServers | undefined;

  async start(): Promise<TestServers> {
    const programs = await realPrograms();
    const mount = 'mount --bind "$1" "$1" && echo mounted && exec sleep infinity';
    const holder = spawn('unshare', ['--mount', 'sh', '-c', mount, 'sh', this.#folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#holder = holder;
    await once(holder.stdout, 'data');
    const bin = join(this.#folder, 'bin');
    mkdirSync(bin);
    for (const [name, path] of programs) {
      const script = `#!/bin/sh\nexec nsenter --mount=/proc/${holder.pid}/ns/mnt -- ${path} "$@"\n`;
      writeFileSync(join(bin, name), script, { mode: 0o755 });
    }
    vi.stubEnv('PATH', [bin, isolatedSettings(this.#folder).environment.PATH].join(delimiter));
    vi.stubEnv('TMPDIR', this.#folder);
    this.#servers = await startTestServers();
    return this.#servers;
  }

  /** The kernel makes no mount read-only on which a file is open for writing, so both servers are killed first. */
  async makeReadOnly(): Promise<void> {
    await vi.waitFor(() => {
      for (const { pid } of [this.#servers?.mongod, this.#servers?.nats].filter((server) => server !== undefined))
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      this.#remount('ro');
    }, within);
  }

  makeWritable(): void {
    this.#remount('rw');
  }

  async stop(): Promise<void> {
    await this.#servers?.stop();
    this.#holder?.kill('SIGKILL');
    vi.unstubAllEnvs();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #remount(mode: 'ro' | 'rw'): void {
    const mount = ['mount', '-o', `remount,bind,${mode}`, this.#folder];
    execFileSync('nsenter', [`--mount=/proc/${this.#holder?.pid}/ns/mnt`, '--', ...mount], { stdio: 'ignore' });
  }
}

const realPrograms = async (): Promise<[string, string][]> => {
  const plain = await startTestServers();
  const path = (pid: number | undefined): string => readlinkSync(`/proc/${pid}/exe`);
  const found: [string, string][] = [
    ['mongod', path(plain.mongod.pid)],
    ['nats-server', path(plain.nats.pid)],
  ];
  await plain.stop();
  return found;
};

describe.runIf(mayMount())('MongoDB and NATS whose volumes became read-only', () => {
  const volume = new ServersOnAVolume();
  let auth: AuthUnderTest;
  beforeAll(async () => {
    auth = await startAuthInstance(await volume.start());
  });
  afterAll(async () => {
    await auth?.stop();
    await volume.stop();
  });

  it('are named by readiness with what to do, sign-in is 503, and all recover by themselves', async () => {
    const signIn = async (): Promise<number> => (await auth.call('POST', '/api/login', admin)).status;
    expect(await signIn()).toBe(200);
    await volume.makeReadOnly();
    const away = { ok: false, detail: expect.stringContaining('that its disk has space and is writable') };
    await vi.waitFor(async () => {
      expect((await auth.ready()).parts).toMatchObject({ mongodb: away, nats: away });
    }, within);
    expect(await signIn()).toBe(503);
    volume.makeWritable();
    await vi.waitFor(async () => expect(await signIn()).toBe(200), within);
    await vi.waitFor(async () => expect(await auth.ready()).toMatchObject({ status: 'ok' }), within);
  }, 180_000);
});
