import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { eventually } from './support/rest.ts';
import { ownMachine, rest, stack, useStack } from './support/use-stack.ts';
import { Vsay } from './support/vsay.ts';

useStack();

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A computer on which `vsay config-ssh` was run with an access token. */
class Laptop {
  readonly id: string;
  readonly vsay: Vsay;
  readonly environment: Record<string, string>;

  private constructor(id: string, token: string) {
    this.id = id;
    this.environment = { VSAY_HOST: stack.url, VSAY_TOKEN: token };
    this.vsay = new Vsay(this.environment);
  }

  static async with(scopes: string[]): Promise<Laptop> {
    const { body } = await rest.post<{ access_token: { id: string }; token: string }>('/api/profile/tokens', {
      name: `ssh ${scopes}`,
      scopes: ['see', ...scopes],
    });
    const laptop = new Laptop(body.access_token.id, body.token);
    expect(await laptop.vsay.run(['config-ssh'])).toMatchObject({ code: 0 });
    return laptop;
  }

  get host(): string {
    return `${ownMachine.agent_id}.vsay`;
  }

  /** Runs a program of OpenSSH with the configuration that vsay wrote: ssh reads the home folder of the account, not HOME. */
  run(program: 'ssh' | 'scp' | 'sftp', args: readonly string[], input = ''): Promise<Ran> {
    const config = join(this.vsay.folder, '.ssh', 'config');
    return new Promise((resolve, reject) => {
      const child = execFile(
        program,
        ['-F', config, '-o', 'LogLevel=ERROR', ...args],
        // biome-ignore lint/style/noProcessEnv: the programs of this machine
        { env: { PATH: process.env.PATH ?? '', HOME: this.vsay.folder, ...this.environment }, timeout: 90_000 },
        (error, stdout, stderr) => {
          if (error?.code === 'ENOENT') reject(new Error(`This test needs ${program}: install openssh-client.`));
          else
            resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
        },
      );
      child.stdin?.end(input);
    });
  }
}

interface Row {
  readonly action: string;
  readonly result: string;
  readonly address: string;
  readonly actor: { readonly username: string };
  readonly details: Record<string, unknown>;
}
const rows = async (action: string): Promise<Row[]> =>
  (await rest.get<{ events: Row[] }>(`/api/audit?machine=${ownMachine.agent_id}&action=${action}&limit=50`)).body
    .events;

let laptop: Laptop;
beforeAll(async () => {
  laptop = await Laptop.with(['open', 'command', 'files_read', 'files_write', 'forward']);
});

it('runs a command and copies a file by the programs of OpenSSH, with the host key from the server, and with audit rows', async () => {
  const ran = await laptop.run('ssh', [laptop.host, 'cat; echo oops >&2; exit 7'], 'hello');
  expect(ran).toEqual({ code: 7, stdout: 'hello', stderr: 'oops\n' });
  const folder = mkdtempSync(join(tmpdir(), 'webxterm-ssh-'));
  writeFileSync(join(folder, 'up'), 'x'.repeat(1_000_000));
  expect(await laptop.run('scp', [join(folder, 'up'), `${laptop.host}:${folder}/down`])).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, 'down'), 'utf8')).toBe('x'.repeat(1_000_000));
  const [command] = await eventually('the row of the command', async () => {
    const found = await rows('ssh_command');
    return found.length > 0 ? found : undefined;
  });
  expect(command).toMatchObject({
    result: 'ok',
    address: '127.0.0.1',
    details: { command: 'cat; echo oops >&2; exit 7' },
  });
  expect(command?.actor.username).not.toBe('');
  const written = await eventually('the row of the file', async () =>
    (await rows('ssh_file_written')).find(({ details }) => details.path === join(folder, 'down')),
  );
  expect(written.details.bytes).toBe(1_000_000);
});

it('does what the scopes of its token allow', async () => {
  const reader = await Laptop.with(['files_read']);
  expect(await reader.run('ssh', [reader.host, 'echo x'])).toMatchObject({
    code: 254,
    stdout: '',
    stderr: expect.stringContaining('the scope command'),
  });
  expect(await reader.run('sftp', ['-b', '-', reader.host], 'get /etc/hostname /dev/null\n')).toMatchObject({
    code: 0,
  });
  const nothing = await Laptop.with([]);
  expect(await nothing.run('ssh', [nothing.host, 'echo x'])).toMatchObject({
    code: 255,
    stderr: expect.stringContaining('needs one of the rights'),
  });
  expect((await rows('ssh_command'))[0]).toMatchObject({ result: 'denied' });
});

it('believes no host key but that of the server', async () => {
  const other = await Laptop.with(['command']);
  const file = join(other.vsay.folder, '.config', 'vsay', 'ssh_config');
  const known = join(other.vsay.folder, 'other_hosts');
  writeFileSync(
    known,
    `${other.host} ssh-ed25519 ${Buffer.from(`\0\0\0\x0bssh-ed25519\0\0\0\x20${'x'.repeat(32)}`).toString('base64')}\n`,
  );
  writeFileSync(file, readFileSync(file, 'utf8').replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${known}`));
  const ran = await other.run('ssh', [other.host, 'echo x']);
  expect(ran).toMatchObject({ code: 255, stdout: '' });
  expect(ran.stderr).toContain('Host key verification failed');
});

it('ends with its token, and so does what it started', async () => {
  const lost = await Laptop.with(['command']);
  const place = join(lost.vsay.folder, 'pid');
  const running = lost.run('ssh', [lost.host, `echo $$ > ${place}; trap '' TERM HUP; while :; do sleep 1; done`]);
  const pid = await eventually('the program', async () => {
    const text = await Promise.resolve()
      .then(() => readFileSync(place, 'utf8'))
      .catch(() => '');
    return Number(text) || undefined;
  });
  await rest.send('DELETE', `/api/profile/tokens/${lost.id}`);
  await eventually('the end of the program', async () => {
    try {
      process.kill(pid, 0);
      return undefined;
    } catch {
      return true;
    }
  });
  expect((await running).code).toBe(255);
});

it('writes its configuration once, shows what would change, and takes it back', async () => {
  const config = join(laptop.vsay.folder, '.ssh', 'config');
  const before = readFileSync(config, 'utf8');
  expect(before).toMatch(/^Include "/);
  expect(await laptop.vsay.run(['config-ssh', '--dry-run'])).toMatchObject({ code: 0, stdout: '' });
  const fresh = new Vsay(laptop.environment);
  const dry = await fresh.run(['config-ssh', '--dry-run']);
  expect(dry.stdout).toContain('+Host *.vsay');
  expect(dry.stdout).toContain(`+${laptop.host} ssh-ed25519 `);
  writeFileSync(config, `${before}Host other\n  Port 2222\n`);
  expect(await laptop.vsay.run(['config-ssh'])).toMatchObject({ code: 0 });
  expect(await laptop.vsay.run(['config-ssh', '--remove'])).toMatchObject({ code: 0 });
  expect(readFileSync(config, 'utf8')).toBe('Host other\n  Port 2222\n');
  fresh.remove();
});
