import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../stack/src/ports.ts';
import { projectFolder } from '../../stack/src/project-folder.ts';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, onlineMachine, Rest } from '../support/rest.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { factsOf, TestDialler } from '../support/test-dialler.ts';

// Each configuration of docs/proxies, with other names and ports, in front of one stack. TLS ends at the proxy.

const folder = mkdtempSync(join(tmpdir(), 'webxterm-proxies-'));
const place = (name: string): string => join(folder, name);
const pathOf = (program: string): string | undefined => {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
};

/** Debian has the layer 4 of nginx in a package of its own. */
const streamModule = (nginx: string): string => {
  const places = ['/usr/lib', join(nginx, '../../lib')].map((lib) => join(lib, 'nginx/modules/ngx_stream_module.so'));
  const found = places.find((path) => existsSync(path));
  return found === undefined ? '' : `load_module ${found};\n`;
};

interface Proxy {
  readonly program: string;
  readonly config: string;
  readonly args: (config: string) => readonly string[];
  /** Whether agents dial through it. */
  readonly layer4: boolean;
}

const proxies: readonly Proxy[] = [
  {
    program: 'nginx',
    config: 'nginx.conf',
    args: (config) => ['-c', config, '-p', folder, '-e', place('error.log'), '-g', `daemon off; pid ${place('pid')};`],
    layer4: true,
  },
  { program: 'haproxy', config: 'haproxy.cfg', args: (config) => ['-db', '-f', config], layer4: true },
  {
    program: 'caddy',
    config: 'Caddyfile',
    args: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
    layer4: false,
  },
];

let stack: TestStack;
let port: number;
let agentsPort: number;
let url: string;

const certificate = (): void => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const out = ['-keyout', place('key.pem'), '-out', place('fullchain.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...out], {
    stdio: 'ignore',
  });
  writeFileSync(
    place('haproxy.pem'),
    readFileSync(place('fullchain.pem'), 'utf8') + readFileSync(place('key.pem'), 'utf8'),
  );
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(place('fullchain.pem'), 'utf8')]);
};

beforeAll(async () => {
  certificate();
  [port, agentsPort] = [await freePort(), await freePort()];
  url = `https://localhost:${port}`;
  stack = await startTestStack({ publicUrl: url, trustedProxies: '127.0.0.1' });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const configured = ({ program, config }: Proxy, path: string): string => {
  const text = readFileSync(join(projectFolder, 'docs/proxies', config), 'utf8')
    .replaceAll('/etc/ssl/term/', `${folder}/`)
    .replaceAll('term.example.org', 'localhost')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${stack.processes().find(({ name }) => name === 'gateway-1')?.port}`)
    .replaceAll('127.0.0.1:8081', stack.grpc[0] ?? '')
    .replaceAll(/(listen |bind :|localhost:)443\b/g, `$1${port}`)
    .replaceAll(/(listen |bind :)8443\b/g, `$1${agentsPort}`);
  // The folders of its package belong to root.
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${place(name)};`,
  );
  return program === 'nginx'
    ? streamModule(path) + text.replace('http {', `http {\naccess_log off;\n${temporary.join('\n')}`)
    : text;
};

const listening = (at: number): Promise<true | undefined> =>
  new Promise((resolve) => {
    const socket = connect(at, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(undefined));
    socket.on('connect', () => socket.destroy());
  });

/** Signs in from 127.0.0.2, with a header that claims another address. */
const signInFromElsewhere = (userAgent: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.9', 'user-agent': userAgent };
    const sent = request(`${url}/api/login`, { method: 'POST', headers, localAddress: '127.0.0.2', family: 4 });
    sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
    sent.end(JSON.stringify(stack.admin));
  });

for (const proxy of proxies) {
  const path = pathOf(proxy.program);
  describe.skipIf(path === undefined)(`${proxy.program}${path === undefined ? ' (not installed)' : ''}`, () => {
    let child: ChildProcess;
    let rest: Rest;
    const said: string[] = [];

    beforeAll(async () => {
      const config = place(proxy.config);
      writeFileSync(config, configured(proxy, path ?? ''));
      child = spawn(path ?? '', proxy.args(config), { cwd: folder });
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => said.push(String(text)));
      await eventually('the proxy listens', async () => {
        if (child.exitCode !== null) throw new Error(said.join(''));
        return listening(port);
      });
      rest = new Rest(url);
      rest = rest.as((await rest.login(stack.admin)).token);
    });
    afterAll(async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    });

    it('passes on a terminal', async () => {
      const { agent_id } = await onlineMachine(rest);
      const terminal = await RawTerminal.open(url, agent_id, { token: rest.token ?? '' });
      await terminal.run('echo by a proxy');
      await terminal.untilText('by a proxy');
      terminal.close();
    });

    it('reports the address of the client, and not the one that the client claims', async () => {
      expect(await signInFromElsewhere(proxy.program)).toBe(200);
      const row = await eventually('the sign-in is audited', async () => {
        const { body } = await rest.get<{ events: { address: string; user_agent: string }[] }>(
          '/api/audit?action=login',
        );
        return body.events.find(({ user_agent }) => user_agent === proxy.program);
      });
      expect(row.address).toBe('127.0.0.2');
    });

    it('passes on an upload of 8 MiB and events as they come', async () => {
      const { agent_id } = await onlineMachine(rest);
      const headers = { authorization: `Bearer ${rest.token}`, 'content-type': 'application/octet-stream' };
      const at = `${url}/api/machines/${agent_id}/files/content?path=${encodeURIComponent(place(`${proxy.program}.bin`))}`;
      const bytes = Buffer.alloc(8 * 1024 ** 2, proxy.program);
      const sent = await fetch(at, { method: 'PUT', headers, body: bytes });
      expect([sent.status, readFileSync(place(`${proxy.program}.bin`)).equals(bytes)]).toEqual([200, true]);
      const events = await fetch(`${url}/api/machines/events`, { headers });
      const reader = events.body?.getReader();
      expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
      await reader?.cancel();
    });

    it.skipIf(!proxy.layer4)('passes on the link of an agent at layer 4', async () => {
      const { body } = await rest.get<{ user: { api_key: string } }>('/api/profile');
      const dialler = new TestDialler(`127.0.0.1:${agentsPort}`, factsOf(`behind-${proxy.program}`));
      const result = await dialler.dial({ $case: 'apiKey', value: body.user.api_key }, true);
      expect(result).toMatchObject({ kind: 'welcome' });
    });
  });
}
