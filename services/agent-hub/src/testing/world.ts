import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busMacPurposes, machineSubject } from '@webxterm/contracts/bus';
import type { sessionKinds } from '@webxterm/contracts/session-kinds';
import { createLogger, jwtKeys } from '@webxterm/shared';
import { connectBus, MacKey, sealMessage } from '@webxterm/shared/bus';
import { until } from '@webxterm/shared/testing';
import { endWithUs, startServers } from '@webxterm/stack';
import mongoose from 'mongoose';
import { AuthStandIn } from './auth-stand-in.ts';
import { addressesOf, hubEnvironment, type RunningHub, runHub, secrets } from './test-hub.ts';
import { TestTerminal } from './test-viewer.ts';

/** A real mongod and nats-server, a stand-in for auth, and the hubs that a test starts. */
export class World {
  readonly servers: Awaited<ReturnType<typeof startServers>>;
  readonly auth: AuthStandIn;
  readonly #dataDir: string;
  readonly #ends: (() => unknown)[] = [];

  private constructor(dataDir: string, servers: World['servers'], auth: AuthStandIn) {
    this.#dataDir = dataDir;
    this.servers = servers;
    this.auth = auth;
  }

  static async start(): Promise<World> {
    const dataDir = mkdtempSync(join(tmpdir(), 'agent-hub-test-'));
    const servers = await startServers({ dataDir });
    const auth = await AuthStandIn.start(
      { url: servers.natsUrl, password: servers.natsPassword('auth'), jwtKeys: jwtKeys.parse(secrets.JWT_KEYS) },
      createLogger({ service: 'auth', level: 'silent' }),
    );
    return new World(dataDir, servers, auth);
  }

  /** Starts a hub in this process, optionally with its own clock and kinds of session. */
  async hub(
    settings: Record<string, string> = {},
    now?: () => number,
    kinds?: typeof sessionKinds,
  ): Promise<RunningHub> {
    const hub = await runHub({ ...(await this.environment()), ...settings }, now, kinds);
    this.#ends.push(() => hub.stop());
    return hub;
  }

  /** A connection to the database of a service. */
  database(user: 'agent-hub'): mongoose.Connection {
    const connection = mongoose.createConnection(this.servers.mongoUrl(user));
    this.#ends.push(() => connection.close());
    return connection;
  }

  /** Waits for `count` turns of the event loop. */
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Starts a hub in its own process, which a test can kill. */
  async hubProcess(
    settings: Record<string, string> = {},
  ): Promise<Omit<RunningHub, 'stop'> & { process: ChildProcess }> {
    const environment = { ...(await this.environment()), ...settings };
    const main = join(import.meta.dirname, '../main.ts');
    const process = spawn(globalThis.process.execPath, [main], { env: environment, stdio: 'ignore' });
    endWithUs(process);
    this.#ends.push(async () => {
      if (process.exitCode !== null || process.signalCode !== null) return;
      process.kill('SIGKILL');
      await once(process, 'exit');
    });
    const health = `http://127.0.0.1:${environment.HEALTH_PORT}/readyz`;
    // The start is not under test, so its time limit is long enough for a busy machine.
    await until(async () => (await fetch(health)).ok, 60_000);
    return { ...addressesOf(environment), process };
  }

  /** Publishes that access to a machine changed, like a hub. */
  async publishAccess(agentId: string, userId: string): Promise<void> {
    const logger = createLogger({ service: 'agent-hub', level: 'silent' });
    const password = this.servers.natsPassword('agent-hub');
    const bus = await connectBus({ urls: [this.servers.natsUrl], user: 'agent-hub', password, logger });
    const subject = machineSubject(agentId, 'access');
    const payload = JSON.stringify({ agent_id: agentId, user_id: userId, role: null });
    const key = new MacKey(Buffer.from(secrets.LINK_KEY, 'base64url'), busMacPurposes.amongHubs);
    bus.publish(subject, payload, { headers: sealMessage(key, subject, payload, Date.now()) });
    await bus.close();
  }

  terminal(hub: { internal: string }, token = secrets.HUB_TOKEN): TestTerminal {
    const terminal = new TestTerminal(hub.internal, token);
    this.#ends.push(() => terminal.close());
    return terminal;
  }

  async environment(): Promise<Record<string, string>> {
    return hubEnvironment({
      mongoUrl: this.servers.mongoUrl('agent-hub'),
      natsUrl: this.servers.natsUrl,
      natsPassword: this.servers.natsPassword('agent-hub'),
    });
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
    await this.auth.stop();
    await this.servers.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}
