import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allRoutes } from '@webxterm/contracts/rest';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DocumentedAnswers } from './support/documented-answers.ts';
import { expressions, metricsIn, namesAt } from './support/promql.ts';
import { RawTerminal } from './support/raw-terminal.ts';
import { readSecret } from './support/stack.ts';
import { browser, ownMachine, rest, stack, useStackAndBrowser } from './support/use-stack.ts';

// The pages and metrics of a running installation that an operator and an integrator read.

useStackAndBrowser();

/** The /metrics page of each service. */
const metricPages = async (): Promise<readonly string[]> => {
  const authorization = `Bearer ${readSecret(stack, 'metrics-token')}`;
  const ports = stack.processes().flatMap(({ healthPort }) => healthPort ?? []);
  expect(ports).toHaveLength(4);
  return Promise.all(
    ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } })).text()),
  );
};

describe('the metrics', () => {
  let pages: readonly string[];
  let sessionId = '';

  beforeAll(async () => {
    const { token = '' } = rest;
    const terminal = await RawTerminal.open(stack.url, ownMachine.agent_id, { token });
    sessionId = terminal.sessionId;
    await terminal.run('echo measured');
    await terminal.untilText('measured');
    terminal.close();
    pages = await metricPages();
  });

  it('have every name that the dashboards and the alert rules read', () => {
    const names = new Set(['up', ...pages.flatMap(namesAt)]);
    const read = expressions();
    expect(read.length).toBeGreaterThan(40);
    for (const expression of read)
      for (const name of metricsIn(expression)) expect(names, `${expression.where}: ${name}`).toContain(name);
  });

  it('are read with the token only', async () => {
    const [port] = stack.processes().flatMap(({ healthPort }) => healthPort ?? []);
    const token = readSecret(stack, 'metrics-token');
    const status = async (authorization: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } })).status;
    expect(await Promise.all(['Bearer', 'bearer ', 'Bearer  '].map((scheme) => status(`${scheme} ${token}`)))).toEqual([
      200, 200, 200,
    ]);
    expect(await Promise.all(['', token, `Bearer ${token}x`, `Bearer ${token.slice(1)}`].map(status))).toEqual([
      401, 401, 401, 401,
    ]);
  });

  it('count a request by route, and the bytes of a terminal', () => {
    const all = pages.join('\n');
    /** The value of a sample with these labels among others. */
    const value = (name: string, ...labels: readonly string[]): number | undefined => {
      const line = all
        .split('\n')
        .find((text) => text.startsWith(`${name}{`) && labels.every((label) => text.includes(label)));
      return line === undefined ? undefined : Number(line.replace(/^.*\} /, ''));
    };
    expect(value('webxterm_gateway_request_seconds_count', 'route="login"')).toBeGreaterThan(0);
    expect(value('webxterm_hub_attach_bytes_total', 'to="viewer"')).toBeGreaterThan(0);
    expect(value('webxterm_hub_attach_bytes_total', 'to="machine"')).toBeGreaterThan(0);
    expect(value('webxterm_terminal_output_lost_bytes_total')).toBe(0);
    expect(value('webxterm_part_ok', 'part="mongodb"', 'service="auth"')).toBe(1);
  });

  it('have no id, name or address of a person, machine or session', async () => {
    const { body } = await rest.get<{ user: { id: string; email: string } }>('/api/profile');
    const all = pages.join('\n');
    for (const secret of [ownMachine.agent_id, sessionId, body.user.id, body.user.email])
      expect(all).not.toContain(secret);
  });
});

describe('the page of the API', () => {
  it('has a valid schema for each answer that has a body', async () => {
    expect((await DocumentedAnswers.of(stack.url)).compileAll()).toBeGreaterThan(allRoutes.length);
  });

  it('shows every route of the document under its content security policy, and asks no other server', async () => {
    const page = await browser.newPage();
    const faults: string[] = [];
    const asked = new Set<string>();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
    await page.goto(`${stack.url}/api/docs`);
    // A busy machine takes long to run a script of 1.7 MB.
    await page.locator('.opblock').first().waitFor({ timeout: 100_000 });
    // Swagger UI draws only those of a long document that are in sight.
    const drawn = new Set<string>();
    const ids = "[...document.querySelectorAll('.opblock')].map(({ id }) => id)";
    const scrolled = async (): Promise<number> => {
      for (const id of await page.evaluate<string[]>(ids)) drawn.add(id);
      await page.mouse.wheel(0, 500);
      return drawn.size;
    };
    // Beside the routes: the WebSockets of terminals, of forwarded connections and of ssh.
    await expect.poll(scrolled, { timeout: 60_000, interval: 100 }).toBe(allRoutes.length + 3);
    expect(faults).toEqual([]);
    expect([...asked].filter((origin) => origin !== 'null')).toEqual([stack.url]);
    await page.close();
  });
});

const project = new URL('..', import.meta.url).pathname;

/** Runs a program of the project as an operator does: its exit code and output. */
const runProgram = (
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ code: number; output: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { cwd: project, env: environment }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
    );
  });

const Findings = z.array(z.object({ level: z.string(), what: z.string(), detail: z.string() }));

describe('the version', () => {
  it('is in /api/health, with the commit', async () => {
    const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: project, encoding: 'utf8' }).trim();
    const { body } = await rest.get('/api/health');
    expect(body).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/), commit });
  });
});

describe('the request id that the gateway gives', () => {
  /** Of each log of the installation, the messages of the lines with this id. */
  const linesWith = (requestId: string): Record<string, unknown[]> => {
    const folder = join(stack.dataDir, 'logs');
    const logs = readdirSync(folder).map((file): [string, unknown[]] => {
      const lines = readFileSync(join(folder, file), 'utf8').split('\n');
      const found = lines.filter((line) => line.includes(`"request_id":"${requestId}"`));
      return [file.replace(/(-\d+)?\.log$/, ''), found.map((line) => JSON.parse(line).msg)];
    });
    return Object.fromEntries(logs.filter(([, lines]) => lines.length > 0));
  };

  it('is in the logs of the hub and of the agent, when a command runs', async () => {
    const { headers } = await rest.post(`/api/machines/${ownMachine.agent_id}/command`, { command: 'true' });
    expect(linesWith(headers.get('x-request-id') ?? '')).toEqual({
      gateway: ['answered'],
      'agent-hub': ['a command is sent to a machine'],
      agent: ['a command was started'],
    });
  });

  const reached = {
    terminal: ['attached to a session'],
    'agent-hub': ['a viewer was attached'],
    agent: ['a session was opened'],
  };

  it('is in the logs of the terminal service, the hub and the agent, when files are listed', async () => {
    const { headers } = await rest.get(`/api/machines/${ownMachine.agent_id}/files?path=/`);
    expect(linesWith(headers.get('x-request-id') ?? '')).toEqual({ gateway: ['answered'], ...reached });
  });

  it('is in the logs of the terminal service, the hub and the agent, when a terminal opens', async () => {
    const { token = '' } = rest;
    const terminal = await RawTerminal.open(stack.url, ownMachine.agent_id, { token });
    await terminal.run('echo attached');
    await terminal.untilText('attached');
    terminal.close();
    expect(linesWith(terminal.requestId)).toMatchObject(reached);
  });
});

describe('the doctor', () => {
  it('examines a running installation: services, agents, clocks, ports, disk, permissions, version', async () => {
    const { code, output } = await runProgram('stack/src/doctor/main.ts', ['--json'], {
      WEBXTERM_DATA_DIR: stack.dataDir,
    });
    const findings = Findings.parse(JSON.parse(output));
    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(code).toBe(0);
    const checked = findings.filter(({ level }) => level === 'ok').map(({ what }) => what);
    for (const what of [
      'node',
      'permissions',
      'version',
      'health',
      'clock',
      'process mongod',
      'process nats',
      'service auth-1',
      'service gateway-1',
      'clock of auth-1',
      'agents at agent-hub-1',
      `port of the agents ${stack.grpc[0]}`,
    ])
      expect(checked).toContain(what);
  });

  it('runs in the container of the gateway with its settings, and names an unavailable instance', async () => {
    const ports = stack.processes().map(({ name, healthPort }) => [name, `http://127.0.0.1:${healthPort}`] as const);
    const healthOf = (wanted: string): string => ports.find(([name]) => name === wanted)?.[1] ?? '';
    const { code, output } = await runProgram('services/gateway/src/doctor/main.ts', ['--json'], {
      PUBLIC_URL: stack.url,
      HTTP_PORT: '1',
      HEALTH_PORT: healthOf('gateway-1').replace(/^.*:/, ''),
      GATEWAY_KEY: readSecret(stack, 'gateway-key'),
      METRICS_TOKEN: readSecret(stack, 'metrics-token'),
      INSTALLATION_ID: 'installation',
      GRPC_ADDRESSES: 'hubs.example.com:1',
      AUTH_URLS: 'http://127.0.0.1:1',
      AUTH_HEALTH_URLS: healthOf('auth-1'),
      AGENT_HUB_URLS: 'http://127.0.0.1:1',
      AGENT_HUB_HEALTH_URLS: healthOf('agent-hub-1'),
      TERMINAL_URLS: 'http://127.0.0.1:1',
      TERMINAL_HEALTH_URLS: 'http://127.0.0.1:1',
    });
    const findings = Findings.parse(JSON.parse(output));
    expect(code).toBe(1);
    const wrong = findings.filter(({ level }) => level === 'error').map(({ what }) => what);
    expect(wrong).toEqual(['service terminal', 'port of the agents hubs.example.com:1']);
    expect(findings.filter(({ level }) => level === 'ok').map(({ what }) => what)).toContain('agents at agent-hub');
  });
});

/** Every value in the secrets folder, and its parts: a key behind its id, the password in a URL. */
const secretsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name !== 'installation-id')
    .flatMap((name) => {
      const text = readFileSync(join(folder, name), 'utf8').trim();
      return [text, ...text.split(/\s+/).slice(1), /:\/\/[^:]+:([^@]+)@/.exec(text)?.[1] ?? text];
    });

describe('the support bundle', () => {
  it('has findings, logs, metrics and settings, and no secret of the installation or of a user', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webxterm-support-'));
    const file = join(folder, 'bundle.tar.gz');
    const run = await runProgram('stack/src/support/main.ts', [file], {
      WEBXTERM_DATA_DIR: stack.dataDir,
      MONGO_URL: 'mongodb://someone:a-password-of-mine@mongo.example.com/',
    });
    expect(run).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o077).toBe(0);
    await new Promise((resolve) => execFile('tar', ['-xzf', file, '-C', folder], resolve));
    const unpacked = join(folder, 'webxterm-support');
    const names = readdirSync(unpacked, { recursive: true, encoding: 'utf8' });
    expect(names).toEqual(
      expect.arrayContaining(['doctor.txt', 'system.txt', 'settings.txt', 'logs/auth-1.log', 'metrics/auth-1.txt']),
    );
    const files = names.map((name) => join(unpacked, name)).filter((path) => statSync(path).isFile());
    const text = files.map((path) => readFileSync(path, 'utf8')).join('\n');
    expect(text).toContain('MONGO_URL=[set]');
    expect(text).toContain('webxterm_part_ok');
    const { body } = await rest.get<{ user: { api_key: string } }>('/api/profile');
    const secrets = [
      ...secretsOf(join(stack.dataDir, 'secrets')),
      rest.token ?? '',
      body.user.api_key,
      'a-password-of-mine',
    ];
    expect(secrets.length).toBeGreaterThan(20);
    for (const secret of secrets) expect(text).not.toContain(secret);
    rmSync(folder, { recursive: true });
  });
});

describe('the examples of the API', () => {
  const examples = [
    ['sh', 'run-command.sh'],
    [process.execPath, 'run-command.ts'],
    ['python3', 'run-command.py'],
  ] as const;
  it.each(examples)('%s %s runs a command on a machine', async (interpreter, file) => {
    const { email, password } = stack.admin;
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', WEBXTERM_URL: stack.url, WEBXTERM_EMAIL: email };
    const output = execFileSync(interpreter, [join(project, 'docs/examples', file)], {
      cwd: project,
      env: { ...env, WEBXTERM_PASSWORD: password },
      encoding: 'utf8',
    });
    expect(output.trim()).toBe(`${ownMachine.name}: Linux`);
  });
});
