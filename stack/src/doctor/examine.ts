import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { splitHostAndPort } from '@webxterm/contracts/host-and-port';
import {
  checkDisk,
  checkEnd,
  checked,
  checkInstance,
  checkMetrics,
  checkPort,
  checkTls,
  type Finding,
  failure,
  ok,
  warning,
} from '@webxterm/shared/doctor';
import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { whyNotFree } from '../ports.ts';
import { type KnownStack, readStackFile } from '../read-stack-file.ts';
import type { StackSettings } from '../settings.ts';

type Examined = Pick<StackSettings, 'dataDir' | 'host' | 'port' | 'grpcPort'>;

/** Node that package.json asks for. */
const oldestNode = 24;

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const checkNode = (): Finding => {
  const [major] = process.versions.node.split('.').map(Number);
  const seen = `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  return major !== undefined && major >= oldestNode
    ? ok('node', seen)
    : failure('node', `${seen}: WebXTerm needs Node ${oldestNode}. Use the npm scripts, which bring it`);
};

/** Only the owner may read the data folder, and no other user the secrets. */
const checkRights = (dataDir: string): readonly Finding[] => {
  const secrets = join(dataDir, 'secrets');
  const files = existsSync(secrets) ? readdirSync(secrets).map((name) => join(secrets, name)) : [];
  const open = [dataDir, ...files].filter((path) => (statSync(path).mode & 0o077) !== 0);
  const foreign = [dataDir, ...files].filter(
    (path) => process.getuid !== undefined && statSync(path).uid !== process.getuid(),
  );
  return [
    open.length === 0
      ? ok('permissions', `${dataDir} and its ${files.length} secrets are closed to others`)
      : failure('permissions', `others can read ${open.slice(0, 5).join(', ')}: chmod go= them`),
    ...(foreign.length === 0
      ? []
      : [
          failure(
            'owner',
            `another user owns ${foreign.slice(0, 5).join(', ')}: run the doctor as the user of npm start`,
          ),
        ]),
  ];
};

/** The certificates of the private CA below the data folder. */
const checkCertificates = (dataDir: string, now: number): readonly Finding[] => {
  const folder = join(dataDir, 'tls');
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return files
    .filter((name) => name.endsWith('.crt'))
    .map((name) => {
      const { validTo } = new X509Certificate(readFileSync(join(folder, name)));
      return checkEnd(`certificate ${name}`, Date.parse(validTo), now);
    });
};

const Health = z.object({
  status: z.string(),
  version: z.string(),
  parts: z.array(z.object({ name: z.string(), status: z.string(), detail: z.string().optional() })),
});

const checkHealth = async (url: string): Promise<readonly Finding[]> => {
  const answer = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(5000) });
  const { status, version, parts } = Health.parse(await answer.json());
  const away = Math.abs(Date.now() - Date.parse(answer.headers.get('date') ?? '')) / 1000;
  return [
    version === packageJson.version
      ? ok('version', version)
      : warning('version', `${version} runs, and this folder has ${packageJson.version}: restart npm start`),
    away < 5
      ? ok('clock', 'this machine and the gateway agree')
      : warning('clock', `the gateway is ${away.toFixed(0)} s away`),
    status === 'ok' ? ok('health', `${url} is ok`) : failure('health', `${url} is ${status}`),
    ...parts
      .filter((part) => part.status !== 'ok')
      .map((part) => failure(`part ${part.name}`, `${part.status}: ${part.detail ?? 'look at its log'}`)),
  ];
};

const checkRunning = async (dataDir: string, stack: KnownStack, now: number): Promise<readonly Finding[]> => {
  const services = stack.processes.flatMap(({ name, healthPort }) =>
    healthPort === undefined ? [] : [{ name, healthUrl: `http://127.0.0.1:${healthPort}` }],
  );
  const token = readFileSync(join(dataDir, 'secrets', 'metrics-token'), 'utf8').trim();
  const url = new URL(stack.url);
  const groups = await Promise.all([
    url.protocol === 'https:'
      ? checkTls('certificate of the web UI', url.hostname, Number(url.port || 443), now)
      : ok('web UI', `${stack.url} is plain HTTP`),
    // TLS of this machine's private CA is checked by its files.
    ...(url.protocol === 'https:' ? [] : [checked('health', () => checkHealth(stack.url))]),
    ...stack.processes.map(({ name, pid }) =>
      isRunning(pid)
        ? ok(`process ${name}`, `runs as ${pid}`)
        : failure(`process ${name}`, `${pid} is gone: look at its log`),
    ),
    ...services.map((service) => checked(`service ${service.name}`, () => checkInstance(service))),
    ...services.map((service) => checked(`metrics ${service.name}`, () => checkMetrics(service, token, now))),
    ...stack.grpc.map((address) => {
      const { host, port } = splitHostAndPort(address);
      return checkPort(`port of the agents ${address}`, host, port);
    }),
  ]);
  return groups.flat();
};

/** Without a running stack: whether its ports are free. */
const checkFree = async ({ host, port, grpcPort }: Examined): Promise<readonly Finding[]> => {
  const ports = [port, grpcPort].filter((each) => each !== 0);
  return Promise.all(
    ports.map(async (each) => {
      const why = await whyNotFree(host, each);
      return why === undefined ? ok(`port ${each}`, 'free') : failure(`port ${each}`, `cannot be used: ${why}`);
    }),
  );
};

/** Examines the installation of `npm start` in a data folder, running or not. */
export const examine = async (settings: Examined, now = Date.now()): Promise<readonly Finding[]> => {
  const { dataDir } = settings;
  if (!existsSync(dataDir))
    return [
      checkNode(),
      ...(await checkFree(settings)),
      warning('data', `${dataDir} is not there: run npm start first`),
    ];
  const stack = readStackFile(dataDir);
  const running = stack?.processes.some(({ pid }) => isRunning(pid)) === true;
  const groups = await Promise.all([
    checkNode(),
    checked('disk', () => checkDisk('disk', dataDir)),
    checked('permissions', async () => checkRights(dataDir)),
    checked('certificates', async () => checkCertificates(dataDir, now)),
    stack !== undefined && running
      ? checked('stack', () => checkRunning(dataDir, stack, now))
      : [warning('stack', 'npm start does not run on this data folder'), ...(await checkFree(settings))],
  ]);
  return groups.flat();
};
