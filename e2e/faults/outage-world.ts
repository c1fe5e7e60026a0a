import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { connect } from '@nats-io/transport-node';
import { inboxPrefix, presenceBucket, signinBucket } from '@webxterm/contracts/bus';
import { isolatedSettings } from '@webxterm/stack';
import { type Document, MongoClient } from 'mongodb';
import { locateServer } from '../../stack/src/binaries/locate-server.ts';
import { eventually, onlineMachine, Rest } from '../support/rest.ts';
import { readSecret, startTestStack, type TestStack } from '../support/stack.ts';
import { type AgentRun, VsayAgent } from '../support/vsay-agent.ts';

export type ServiceWithClock = 'auth' | 'agent-hub' | 'terminal';

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly apiKey: string;
  readonly rest: Rest;
}

const password = 'yourpassword';

/** A stack, an agent of `owner`, and the ways to break what the services need. */
export class OutageWorld {
  readonly stack: TestStack;
  readonly owner: Account;
  readonly agentId: string;
  readonly #clocks: string;
  readonly #agent: AgentRun;
  #admin: Rest;
  #accounts = 0;

  private constructor(
    stack: TestStack,
    clocks: string,
    parts: { admin: Rest; owner: Account; agent: AgentRun; agentId: string },
  ) {
    this.stack = stack;
    this.#clocks = clocks;
    this.#admin = parts.admin;
    this.owner = parts.owner;
    this.#agent = parts.agent;
    this.agentId = parts.agentId;
  }

  static async start(): Promise<OutageWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'webxterm-outage-'));
    const preload = pathToFileURL(fileURLToPath(new URL('shifted-clock.ts', import.meta.url))).href;
    const programs = join(folder, 'bin');
    mkdirSync(programs);
    await wrapMongod(programs);
    const stack = await startTestStack({
      agent: false,
      mayGrantItsMachine: true,
      programs,
      environmentOf: (service) => ({
        NODE_OPTIONS: `--import=${preload}?file=${encodeURIComponent(join(folder, service))}`,
      }),
    });
    const rest = new Rest(stack.url);
    const admin = rest.as((await rest.login(stack.admin)).token);
    const owner = await signUp(stack, 'owner');
    const vsay = new VsayAgent();
    const configured = await vsay.finish('configure', '--host', stack.url, '--token', owner.apiKey, '--name', 'target');
    if (configured.code !== 0) throw new Error(configured.text);
    const agent = vsay.run('start');
    const { agent_id: agentId } = await onlineMachine(owner.rest);
    return new OutageWorld(stack, folder, { admin, owner, agent, agentId });
  }

  get admin(): Rest {
    return this.#admin;
  }

  /** host:port where agents dial. */
  get hub(): string {
    const [address] = this.stack.grpc;
    if (address === undefined) throw new Error('the stack has no hub');
    return address;
  }

  async account(role: string): Promise<Account> {
    this.#accounts += 1;
    return signUp(this.stack, `${role} ${this.#accounts}`);
  }

  async signIn({ email }: Pick<Account, 'email'>): Promise<Rest> {
    const rest = new Rest(this.stack.url);
    return rest.as((await rest.login({ email, password })).token);
  }

  /** The status of each part of the services, as `GET /api/health` reports it. */
  async health(): Promise<string> {
    return JSON.stringify((await new Rest(this.stack.url).get('/api/health')).body);
  }

  shiftClock(service: ServiceWithClock, seconds: number): void {
    writeFileSync(join(this.#clocks, service), String(seconds * 1000));
  }

  async loseStreams(...names: string[]): Promise<void> {
    const bus = await connect({
      servers: `127.0.0.1:${this.#port('nats')}`,
      user: 'init',
      pass: readSecret(this.stack, 'nats-init'),
      inboxPrefix: inboxPrefix('init'),
    });
    for (const name of names) {
      const answer = await bus.request(`$JS.API.STREAM.DELETE.${name}`);
      if (answer.json<{ success?: boolean }>().success !== true) throw new Error(`${name}: ${answer.string()}`);
    }
    await bus.close();
  }

  /** Runs a command on mongod as its root user. */
  async mongo(command: Document): Promise<void> {
    const client = new MongoClient(`mongodb://127.0.0.1:${this.#port('mongod')}/admin`, {
      auth: { username: 'root', password: readSecret(this.stack, 'mongo-root') },
      directConnection: true,
    });
    try {
      await client.db('admin').command(command);
    } finally {
      await client.close();
    }
  }

  /** Resolves when every part is well, and signed-in users and the agent are accepted again. */
  async recovered(): Promise<void> {
    await this.stack.healthy();
    await eventually('the machine is online for its owner', async () => {
      const online = (await this.owner.rest.machines()).some(
        ({ agent_id, status }) => agent_id === this.agentId && status === 'online',
      );
      return online ? true : undefined;
    });
  }

  async stop(): Promise<void> {
    await this.#agent.stop();
    await this.stack.stop();
    rmSync(this.#clocks, { recursive: true, force: true });
  }

  #port(name: string): number {
    return this.stack.processes().find((process) => process.name === name)?.port ?? 0;
  }
}

export const allStreams = ['EVENTS', 'AUDIT'] as const;
export const allBuckets = [`KV_${signinBucket}`, `KV_${presenceBucket}`] as const;

const signUp = async (stack: TestStack, name: string): Promise<Account> => {
  const account = { username: name, email: `${name.replaceAll(' ', '.')}@example.com`, password };
  const rest = new Rest(stack.url);
  const { status, body } = await rest.post<{ token: string; user: { id: string; api_key: string } }>(
    '/api/signup',
    account,
  );
  if (status !== 201) throw new Error(`sign-up failed: ${status} ${JSON.stringify(body)}`);
  return { id: body.user.id, name, email: account.email, apiKey: body.user.api_key, rest: rest.as(body.token) };
};

/** Puts a mongod into the folder that lets a test delay its answers (`failCommand`). */
const wrapMongod = async (folder: string): Promise<void> => {
  const { cacheDir: cacheFolder, environment } = isolatedSettings(folder);
  const { signal } = new AbortController();
  const { path } = await locateServer('mongod', { cacheFolder, environment, say: () => {}, signal });
  const script = join(folder, 'mongod');
  writeFileSync(script, `#!/bin/sh\nexec ${path} "$@" --setParameter enableTestCommands=1\n`);
  chmodSync(script, 0o755);
};
