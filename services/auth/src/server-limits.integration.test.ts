import { execFileSync } from 'node:child_process';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AuthUnderTest, admin, startAuthInstance, startTestServers } from './testing/auth-under-test.ts';
import { type CuttableProxy, startProxy } from './testing/cuttable-proxy.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
let way: CuttableProxy;
let auth: AuthUnderTest;

beforeAll(async () => {
  servers = await startTestServers();
  way = await startProxy(servers.natsUrl);
  auth = await startAuthInstance(servers, { NATS_URL: way.address });
});

afterAll(async () => {
  await auth.stop();
  await way.close();
  await servers.stop();
});

/** No open file, and so no connection, beyond those that are there. @returns takes the limit away */
const takeNoMore = (pid: number | undefined): (() => void) => {
  const limit = (...args: string[]): string =>
    execFileSync('prlimit', ['--pid', String(pid), ...args], { encoding: 'utf8' });
  const before = limit('--nofile', '--output', 'SOFT', '--noheadings').trim();
  limit('--nofile=3:');
  return () => limit(`--nofile=${before}:`);
};

const within = { timeout: 60_000, interval: 200 };
const signIn = async (): Promise<number> => (await auth.call('POST', '/api/login', admin)).status;
const health = async () => (await auth.ready()).parts.nats;

const dial = async (): Promise<void> => {
  const user = { user: 'auth', pass: servers.natsPassword('auth') };
  await (await connect({ servers: servers.natsUrl, timeout: 2000, ...user })).close();
};

describe('NATS at its limit of open files', () => {
  it('is named by readiness with what to look at, sign-in is 503, and both recover by themselves', async () => {
    expect(await signIn()).toBe(200);
    way.cut();
    await vi.waitFor(async () => expect((await health())?.ok).toBe(false), within);
    const giveBack = takeNoMore(servers.nats.pid);
    try {
      way.mend();
      await expect(dial()).rejects.toThrow();
      expect(await signIn()).toBe(503);
      const detail = expect.stringContaining('its limits of connections and open files');
      expect(await health()).toEqual({ ok: false, detail });
    } finally {
      giveBack();
    }
    await vi.waitFor(async () => expect(await signIn()).toBe(200), within);
    await vi.waitFor(async () => expect((await health())?.ok).toBe(true), within);
  }, 150_000);
});
