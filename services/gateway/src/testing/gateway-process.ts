import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '@webxterm/stack';

export const gatewayKey = Buffer.alloc(32, 7);
const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface GatewayProcess {
  readonly port: number;
  readonly origin: string;
  /** The port of /metrics. */
  readonly healthPort: number;
  readonly child: ChildProcess;
  /** The log lines up to the one that says that it listens. */
  readonly startLog: readonly string[];
  /** The text that it has written to stderr: warnings of Node. */
  errors(): string;
  stop(): Promise<void>;
}

const spawnGateway = (environment: Record<string, string>, nodeOptions: readonly string[] = []): ChildProcess =>
  spawn(process.execPath, ['--expose-gc', ...nodeOptions, mainFile], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** Starts the real gateway as its own process and waits until it listens. Service URLs without a setting point to a closed port. */
export const startGateway = async (
  settings: Record<string, string>,
  nodeOptions: readonly string[] = [],
): Promise<GatewayProcess> => {
  const [port, healthPort, nobody] = await Promise.all([freePort(), freePort(), freePort()]);
  const nowhere = `http://127.0.0.1:${nobody}`;
  const environment = {
    HTTP_PORT: String(port),
    HEALTH_PORT: String(healthPort),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    GATEWAY_KEY: gatewayKey.toString('base64url'),
    AUTH_URLS: nowhere,
    AGENT_HUB_URLS: nowhere,
    TERMINAL_URLS: nowhere,
    AUTH_HEALTH_URLS: nowhere,
    AGENT_HUB_HEALTH_URLS: nowhere,
    TERMINAL_HEALTH_URLS: nowhere,
    GRPC_ADDRESSES: '127.0.0.1:8081',
    INSTALLATION_ID: 'test-installation',
    ...settings,
  };
  const child = spawnGateway(environment, nodeOptions);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
    process.stderr.write(chunk);
  });
  const startLog = await opened(child);
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    healthPort,
    child,
    startLog,
    errors: () => errors,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
};

const opened = async (child: ChildProcess): Promise<string[]> => {
  if (child.stdout === null) throw new Error('no stdout');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.includes('gateway is listening')) {
      child.stdout.resume();
      return lines;
    }
  }
  throw new Error(`the gateway did not start:\n${lines.join('\n')}`);
};

/** Starts the gateway with invalid settings. Returns its output and its exit code. */
export const refusedStart = async (settings: Record<string, string>): Promise<{ code: unknown; said: string }> => {
  const child = spawnGateway(settings);
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { code, said };
};
