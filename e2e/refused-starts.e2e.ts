import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { signinKeyLine } from '@webxterm/shared/bus';
import { freePort, startServers } from '@webxterm/stack';
import { createAuthority, issueCertificate } from '@webxterm/stack/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Every service is started as it is in an installation, with one thing wrong: its last line says which setting, what is wrong
// with it and how to mend it, and it ends by itself.

const key = Buffer.alloc(32, 1).toString('base64url');
const folder = mkdtempSync(join(tmpdir(), 'webxterm-refused-'));
let servers: Awaited<ReturnType<typeof startServers>>;
/** A port that another program has. */
let taken: Server;
let takenPort = '';

const expired = async (): Promise<string> => {
  const twoYearsAgo = Date.now() - 2 * 365 * 24 * 3_600_000;
  const authority = await createAuthority(twoYearsAgo);
  const pair = await issueCertificate(authority, { names: ['hub'], usage: 'server' }, twoYearsAgo);
  writeFileSync(join(folder, 'tls.crt'), pair.certificate);
  writeFileSync(join(folder, 'tls.key'), pair.key);
  writeFileSync(join(folder, 'ca.crt'), authority.certificate);
  return folder;
};

beforeAll(async () => {
  servers = await startServers({ dataDir: join(folder, 'servers') });
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  takenPort = String((taken.address() as AddressInfo).port);
});
afterAll(async () => {
  taken?.close();
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Service = 'auth' | 'agent-hub' | 'terminal' | 'gateway';

/** A port of 1 is not reached: what is wrong comes first. */
const common = { HTTP_PORT: '1', GATEWAY_KEY: key, PUBLIC_URL: 'http://127.0.0.1:1' };

const settingsOf = (service: Service): Record<string, string> => {
  if (service === 'gateway')
    return {
      ...common,
      ...Object.fromEntries(
        ['AUTH', 'AGENT_HUB', 'TERMINAL'].flatMap((name) =>
          [`${name}_URLS`, `${name}_HEALTH_URLS`].map((setting) => [setting, 'http://127.0.0.1:3']),
        ),
      ),
      GRPC_ADDRESSES: '127.0.0.1:4',
      INSTALLATION_ID: 'test',
    };
  const backed = {
    ...common,
    MONGO_URL: servers.mongoUrl(service),
    NATS_URL: servers.natsUrl,
    NATS_USER: service,
    NATS_PASSWORD: servers.natsPassword(service),
    JWT_KEYS: `k1 ${key}`,
  };
  if (service === 'auth') return { ...backed, ROOT_KEY: key, INSTALLATION_ID: 'test' };
  const internal = { ...backed, PASS_KEY: key, HUB_TOKEN: key, SIGNIN_KEYS: signinKeyLine(Buffer.alloc(32, 1)) };
  if (service === 'terminal') return { ...internal, TICKET_KEY: key, RECORDING_KEYS: key };
  return { ...internal, GRPC_PORT: '1', INTERNAL_GRPC_PORT: '1', INTERNAL_ADDRESS: '127.0.0.1:1', LINK_KEY: key };
};

/** @returns how it ended, everything it said, and the message of its last line */
const start = async (
  service: Service,
  wrong: Record<string, string | undefined>,
): Promise<{ code: unknown; said: string; last: string }> => {
  const main = fileURLToPath(new URL(`../services/${service}/src/main.ts`, import.meta.url));
  const settings = Object.entries({ HEALTH_PORT: String(await freePort()), ...settingsOf(service), ...wrong });
  const given = settings.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const child = spawn('env', ['-i', ...given, process.execPath, main], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk);
    });
  const kill = setTimeout(() => child.kill('SIGKILL'), 100_000);
  const [code] = await once(child, 'close');
  clearTimeout(kill);
  const last = said.trimEnd().split('\n').at(-1) ?? '';
  return { code, said, last: String(JSON.parse(last).msg) };
};

describe('a service with bad settings ends with 2, and its last line names', () => {
  it.each<[Service, readonly string[]]>([
    ['auth', ['GATEWAY_KEY', 'JWT_KEYS', 'ROOT_KEY']],
    ['agent-hub', ['GATEWAY_KEY', 'JWT_KEYS', 'PASS_KEY', 'LINK_KEY', 'HUB_TOKEN']],
    ['terminal', ['GATEWAY_KEY', 'JWT_KEYS', 'PASS_KEY', 'TICKET_KEY', 'HUB_TOKEN']],
    ['gateway', ['GATEWAY_KEY']],
  ])('%s: each secret that is missing, each that is short', async (service, secrets) => {
    const [missing = '', ...short] = secrets;
    const wrong = short.map((name) => [name, name === 'JWT_KEYS' ? 'k1 c2hvcnQ' : 'c2hvcnQ'] as const);
    const { code, said, last } = await start(service, { [missing]: undefined, ...Object.fromEntries(wrong) });
    expect(code).toBe(2);
    expect(last).toContain(`${missing}: is missing (give ${missing}, or ${missing}_FILE with the path of a file)`);
    for (const name of short) expect(last).toMatch(new RegExp(`${name}: .*32`));
    expect(said).not.toContain('c2hvcnQ');
  });

  it('an invalid MongoDB URL, without the password that is in it', async () => {
    const { code, said, last } = await start('terminal', { MONGO_URL: 'mongodb://me:p@ss:w/rd@db' });
    expect(code).toBe(2);
    expect(last).toContain('MONGO_URL: cannot be read');
    expect(said).not.toContain('p@ss');
  });

  it('a user that MongoDB refuses', async () => {
    const url = new URL(servers.mongoUrl('terminal'));
    url.password = 'another';
    const { code, last } = await start('terminal', { MONGO_URL: url.href });
    expect(code).toBe(2);
    expect(last).toContain('MONGO_URL: the server refuses the user or its password');
  });

  it('a user that NATS refuses', async () => {
    const { code, last } = await start('auth', { NATS_PASSWORD: 'another' });
    expect(code).toBe(2);
    expect(last).toContain('NATS_PASSWORD: the NATS server refuses the user auth');
  });

  it.each<[Service, string]>([
    ['gateway', 'HTTP'],
    ['auth', 'HEALTH'],
    ['agent-hub', 'INTERNAL_GRPC'],
  ])('%s: a port of %s that another program uses', async (service, setting) => {
    const { code, last } = await start(service, { [`${setting}_PORT`]: takenPort });
    expect(code).toBe(2);
    expect(last).toContain(`${setting}_PORT: port ${takenPort} on 127.0.0.1 is in use by another program`);
  });

  it.each<[Service, string]>([
    ['agent-hub', 'GRPC_TLS_DIR'],
    ['terminal', 'INTERNAL_TLS_DIR'],
  ])('%s: a certificate of %s that has expired', async (service, setting) => {
    const { code, last } = await start(service, { [setting]: await expired() });
    expect(code).toBe(2);
    expect(last).toMatch(new RegExp(`${setting}: the certificate .*tls.crt ended at .*: renew it`));
  });
});

describe('a service that was installed for another architecture', () => {
  it('reports it, and explains the correction', async () => {
    // The platform that the loader of native parts detects.
    const { code, last } = await start('auth', { npm_config_arch: 'mips' });
    expect(code).toBe(1);
    expect(last).toMatch(/bcrypt has no native part for linux on .*npm ci/);
  });
});
