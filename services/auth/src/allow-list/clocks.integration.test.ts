import { authEvents } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { connectBus, followEvents, publicKeyVerifier, Refusals } from '@webxterm/shared/bus';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { type AuthUnderTest, admin, rootKey, startAuthInstance, startTestServers } from '../testing/auth-under-test.ts';

let servers: Awaited<ReturnType<typeof startTestServers>>;
let auth: AuthUnderTest;
let aheadMs = 0;
const lines: string[] = [];
const clock = { now: () => Date.now() + aheadMs, lines };
const within = { timeout: 15_000, interval: 50 };

beforeAll(async () => {
  servers = await startTestServers();
  auth = await startAuthInstance(servers, {}, undefined, clock);
}, 60_000);

afterAll(async () => {
  await auth?.stop();
  await servers?.stop();
});

const clockPart = async () => (await auth.ready()).parts.clock;
const measured = async (): Promise<number> =>
  Number(/webxterm_clock_skew_seconds\{clock="auth",service="auth"\} (\S+)/.exec(await auth.metrics())?.[1]);
const setClock = async (seconds: number): Promise<void> => {
  aheadMs = seconds * 1000;
  const ok = Math.abs(seconds) < 25;
  await vi.waitFor(async () => {
    expect(await measured()).toBeCloseTo(seconds, 0);
    expect(await clockPart()).toMatchObject({ ok });
    expect((await auth.ready()).parts.signins).toMatchObject({ ok });
  }, within);
};
const answers = async (token: string | undefined): Promise<unknown[]> => {
  const login = await auth.call('POST', '/api/login', admin);
  const refresh = await auth.call('POST', '/api/auth/refresh', { token });
  return [login.status, refresh.status, login.body.code, refresh.body.code];
};

describe('an auth whose clock differs from that of NATS', () => {
  it('signs in and refreshes up to the bound, refuses both beyond it with the reason, and recovers by itself', async () => {
    const { token } = (await auth.call('POST', '/api/login', admin)).body;
    for (const seconds of [20, 40, 60, 0, -40, -20, -60, 0]) {
      await setClock(seconds);
      if (Math.abs(seconds) < 25) {
        expect(await answers(token)).toEqual([200, 200, undefined, undefined]);
        continue;
      }
      expect(await answers(token)).toEqual([503, 503, 'unavailable', 'unavailable']);
      const { error } = (await auth.call('POST', '/api/login', admin)).body;
      expect(error).toMatch(/clocks of the servers differ/);
      const side = seconds > 0 ? 'ahead of' : 'behind';
      expect((await clockPart())?.detail).toContain(
        `the clock of this auth is ${Math.abs(seconds)} s ${side} the clock of NATS`,
      );
      expect((await auth.ready()).status).toBe('degraded');
    }
  }, 60_000);

  it('publishes again that a signed-out user was disabled once its clock is right, because hubs refuse an event signed beyond 30 s', async () => {
    const logger = createLogger({ service: 'test', level: 'silent' });
    const password = servers.natsPassword('agent-hub');
    const bus = await connectBus({ urls: [servers.natsUrl], user: 'agent-hub', password, logger });
    const disabled: string[] = [];
    const subject = 'auth.user.changed';
    const hub = followEvents({
      ...{ bus, logger, subject, schema: authEvents[subject], batch: 1, unsignedUntil: 0 },
      verifier: publicKeyVerifier(deriveRootKeys([rootKey]).all.map((root) => root.allowList.publicKey)),
      refusals: new Refusals(logger),
      onEvent: (event) => void (event.disabled && disabled.push(event.user_id)),
    });
    hub.start();
    const { token } = (await auth.call('POST', '/api/login', admin)).body;
    const signUp = async (name: string): Promise<string> => {
      const account = { username: name, email: `${name}@example.com`, password: 'yourpassword' };
      const { body } = await auth.call('POST', '/api/signup', account);
      expect((await auth.call('POST', '/api/auth/logout', undefined, { token: body.token })).status).toBe(204);
      return String(body.user?.id);
    };
    const disable = (id: string) => auth.call('PATCH', `/api/users/${id}`, { disabled: true }, { token });
    const [during, after] = [await signUp('during'), await signUp('after')];
    await setClock(40);
    expect((await disable(during)).body.code).toBe('unavailable');
    await setClock(0);
    expect((await disable(after)).status).toBe(200);
    await vi.waitFor(() => expect(disabled.toSorted()).toEqual([during, after].toSorted()), { timeout: 60_000 });
    await hub.stop();
    await bus.close();
  }, 120_000);

  it('is reported in the log once a minute and by the metric, and not as forged entries', async () => {
    lines.length = 0;
    await setClock(100);
    expect(await answers(undefined)).toEqual([503, 503, 'unavailable', 'unavailable']);
    await setClock(0);
    expect(lines.filter((line) => line.includes('the clock of this auth is 100 s ahead'))).not.toHaveLength(0);
    expect(lines.filter((line) => line.includes('the clocks of the servers differ by too much'))).toHaveLength(1);
    expect(lines.join()).not.toContain('is not the latest one signed by auth');
  }, 30_000);

  it('is not ready if it starts so, and reports the reason', async () => {
    aheadMs = 60_000;
    const late = startAuthInstance(servers, {}, undefined, clock);
    await vi.waitFor(() => expect(lines.at(-1)).toContain('cannot be updated right now'), within);
    aheadMs = 0;
    const started = await late;
    expect((await started.ready()).status).toBe('ok');
    await started.stop();
  }, 30_000);
});
