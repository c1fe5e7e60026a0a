import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { BusUser } from '@webxterm/contracts/bus';
import { isolatedSettings, type StackProcess, startStack } from '@webxterm/stack';
import { eventually, Rest } from './rest.ts';

export interface TestStack {
  readonly url: string;
  /** Where agents dial, host:port. */
  readonly grpc: readonly string[];
  /** PEM of the private CA of a stack with TLS. */
  readonly ca: string | undefined;
  readonly dataDir: string;
  readonly admin: { readonly email: string; readonly password: string };
  processes(): readonly StackProcess[];
  /** kill -9, or another signal; resolves once another process has taken its place. */
  kill(name: string, signal?: NodeJS.Signals): Promise<void>;
  stopProcess(name: string): Promise<void>;
  startProcess(name: string): Promise<void>;
  /** Resolves when every part says that it is well. */
  healthy(): Promise<void>;
  stop(): Promise<void>;
}

/** A file of the stack's secrets, by its name. */
export const readSecret = ({ dataDir }: Pick<TestStack, 'dataDir'>, name: string): string =>
  readFileSync(join(dataDir, 'secrets', name), 'utf8').trim();

/** A NATS that the stack does not start itself, and the passwords of its users there. */
export interface ForeignNats {
  /** host:port */
  readonly url: string;
  readonly password: (user: BusUser) => string;
}

const keepPasswords = (dataDir: string, { password }: ForeignNats): void => {
  const folder = join(dataDir, 'secrets');
  mkdirSync(folder, { mode: 0o700 });
  for (const user of ['init', 'auth', 'agent-hub', 'terminal'] as const)
    writeFileSync(join(folder, `nats-${user}`), password(user), { mode: 0o600 });
};

const withPrograms = (dataDir: string, home: string, programs: string): Record<string, string> => {
  const { environment } = isolatedSettings(dataDir);
  return { ...environment, HOME: home, PATH: [programs, environment.PATH].join(delimiter) };
};

/** Starts the programs of `npm start`, on free ports with their own data. The agent runs unless an option excludes it. */
export const startTestStack = async (
  options: {
    agent?: boolean;
    /** Its data folder. Default: a new one. It is removed when the stack stops. */
    dataDir?: string;
    replicas?: number;
    tls?: boolean;
    /** Its address behind a proxy, and the proxy's own. */
    publicUrl?: string;
    trustedProxies?: string;
    /** The address on which it listens. Default: loopback. */
    host?: string;
    nats?: ForeignNats;
    /** Puts what was there before into the data folder. */
    prepare?: (dataDir: string) => Promise<void>;
    /** Its machine counts as any other one, though it runs the stack. */
    mayGrantItsMachine?: boolean;
    /** Variables of a service, beside those that the stack sets. */
    environmentOf?: (service: 'auth' | 'agent-hub' | 'terminal') => Readonly<Record<string, string>>;
    /** Folders that are searched first for mongod and nats-server. */
    programs?: string;
  } = {},
): Promise<TestStack> => {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'webxterm-e2e-'));
  // A home without a profile: what is tested is the terminal, not what someone's login scripts do and how long they take.
  const home = mkdtempSync(join(tmpdir(), 'webxterm-home-'));
  await options.prepare?.(dataDir);
  if (options.nats !== undefined) keepPasswords(dataDir, options.nats);
  const stack = await startStack({
    dataDir,
    ...(options.nats === undefined ? {} : { natsUrl: options.nats.url }),
    agent: options.agent ?? true,
    replicas: options.replicas ?? 1,
    tls: options.tls ?? false,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
    home,
    ...(options.programs === undefined ? {} : { environment: withPrograms(dataDir, home, options.programs) }),
    serviceEnvironment: {
      // All that a test signs up comes from one address.
      auth: { ...options.environmentOf?.('auth'), SIGNUPS_PER_ADDRESS: '1000' },
      'agent-hub': {
        ...options.environmentOf?.('agent-hub'),
        ...(options.mayGrantItsMachine === true ? { STACK_USER: '' } : {}),
      },
      terminal: { ...options.environmentOf?.('terminal') },
    },
  });
  return {
    url: stack.url,
    grpc: stack.grpc,
    ca: stack.ca,
    dataDir,
    admin: stack.admin,
    processes: () => stack.processes,
    kill: async (name, signal) => void (await stack.kill(name, signal)),
    stopProcess: (name) => stack.stopProcess(name),
    startProcess: (name) => stack.startProcess(name),
    healthy: async () => {
      await eventually('every part is well', async () => {
        const { body } = await new Rest(stack.url).get('/api/health');
        return body.status === 'ok' ? true : undefined;
      });
    },
    stop: async () => {
      await stack.stop();
      for (const folder of [dataDir, home]) rmSync(folder, { recursive: true, force: true });
    },
  };
};
