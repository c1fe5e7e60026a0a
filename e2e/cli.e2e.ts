import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { HttpProxy } from './support/http-proxy.ts';
import { eventually } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, rest, stack, useStackAndBrowser } from './support/use-stack.ts';
import { Vsay } from './support/vsay.ts';

useStackAndBrowser();

let proxy: HttpProxy;
let vsay: Vsay;
let token = '';

const createToken = async (...scopes: string[]): Promise<{ token: string; id: string }> => {
  const created = await rest.post<{ token: string; access_token: { id: string } }>('/api/profile/tokens', {
    name: 'vsay',
    scopes,
  });
  expect(created.status).toBe(201);
  return { token: created.body.token, id: created.body.access_token.id };
};

beforeAll(async () => {
  ({ token } = await createToken('see', 'open', 'command', 'files_read', 'files_write', 'account:read'));
  proxy = await HttpProxy.start();
  vsay = new Vsay({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
  const logged = await vsay.run(['login', stack.url, '--token'], { input: `${token}\n` });
  expect([logged.code, logged.stderr]).toEqual([0, expect.stringContaining(`Logged in to ${stack.url} as `)]);
});
afterAll(() => {
  proxy?.close();
  vsay?.remove();
});

describe('vsay', () => {
  it('keeps the token where only its user can read it, and goes through the proxy', async () => {
    const file = join(vsay.folder, '.config/vsay/cli.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(token);
    expect(new Set(proxy.targets)).toEqual(new Set([new URL(stack.url).host]));
    const who = await vsay.run(['whoami', '--json']);
    expect(JSON.parse(who.stdout)).toMatchObject({
      server: stack.url,
      profile: 'default',
      user: { email: stack.admin.email },
    });
  });

  it('lists machines as a table and as JSON', async () => {
    const shown = await vsay.run(['ls']);
    expect(shown.stdout).toMatch(/^NAME +STATUS +ROLE/);
    expect(shown.stdout).toMatch(new RegExp(`^${ownMachine.name} +online +owner .*${ownMachine.agent_id}$`, 'm'));
    const json = await vsay.run(['ls', '--json', '--status', 'online', ownMachine.name]);
    expect(JSON.parse(json.stdout)).toMatchObject([{ agent_id: ownMachine.agent_id }]);
    expect((await vsay.run(['ls', 'nothing-is-named-so'])).stderr).toBe('No machines.\n');
  });

  it('runs a command: stdout and stderr apart, its exit code, its words unchanged', async () => {
    const run = await vsay.run([
      'exec',
      ownMachine.name,
      '--',
      'sh',
      '-c',
      'echo "$1"; echo problem >&2; exit 7',
      'x',
      "it's $HOME",
    ]);
    expect(run).toEqual({ code: 7, stdout: "it's $HOME\n", stderr: 'problem\n' });
    expect(await vsay.run(['exec', ownMachine.agent_id, 'kill -TERM $$'])).toMatchObject({ code: 143 });
    const json = await vsay.run(['exec', '--json', ownMachine.name, 'uname', '-s']);
    expect(JSON.parse(json.stdout)).toMatchObject({ exit_code: 0, stdout: 'Linux\n' });
    const late = await vsay.run(['exec', '--timeout', '1', ownMachine.name, 'sleep 30']);
    expect([late.code, late.stderr]).toEqual([124, expect.stringContaining('after 1 s')]);
  });

  it('passes stdin on to a command, with as many bytes as there are, and its words unchanged', async () => {
    const lines = `${'0123456789abcdef'.repeat(16)}\n`.repeat(8000);
    const counted = await vsay.run(
      ['exec', '-i', ownMachine.name, '--', 'sh', '-c', 'cat; echo "$1" >&2; exit 5', 'x', "it's"],
      {
        input: lines,
      },
    );
    expect([counted.code, counted.stdout === lines, counted.stderr]).toEqual([5, true, "it's\n"]);
    const early = await vsay.run(['exec', '-i', ownMachine.name, 'head -c 3; kill -TERM $$'], { input: lines });
    expect(early).toEqual({ code: 143, stdout: '012', stderr: '' });
    const both = await vsay.run(['exec', '-i', '--timeout', '3', ownMachine.name, 'cat']);
    expect([both.code, both.stdout]).toEqual([250, '']);
    const seeing = await createToken('see', 'files_read');
    const environment = { VSAY_TOKEN: seeing.token };
    const refused = await vsay.run(['exec', '-i', ownMachine.name, 'true'], { input: '', environment });
    expect([refused.code, refused.stderr]).toEqual([254, expect.stringContaining('command')]);
  });

  it('runs a command on many machines, groups equal outputs, and fails if one failed', async () => {
    const run = (...args: string[]) => vsay.run(['run', ...args]);
    const done = await run(
      '--machine',
      ownMachine.name,
      '--env',
      'WORD=it is',
      '--',
      'sh',
      '-c',
      'echo "$WORD $1"',
      'x',
      '-v',
    );
    expect([done.code, done.stdout]).toEqual([0, `== 1 machine, exit 0: ${ownMachine.name}\nit is -v\n`]);
    const id = /^Run (\S+) on 1 machine\.$/m.exec(done.stderr)?.[1] ?? '';
    const none = await run('--failed-of', id, '--', 'true');
    expect([none.code, none.stdout]).toEqual([255, '']);
    const failed = await run('--search', ownMachine.name, '--json', 'echo problem >&2; exit 3');
    expect(failed.code).toBe(1);
    const lines: { exit_code: number; stderr: string }[] = failed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ name: ownMachine.name, exit_code: 3, stderr: 'problem\n' }]);
    expect(await run('true')).toMatchObject({ code: 250, stdout: '' });
    const left = await run('--detach', '--machine', ownMachine.agent_id, 'true');
    expect(left).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[\w-]{22}\n$/) });
    const terminal = vsay.start(['run', '--machine', ownMachine.name, 'sleep 60']);
    await terminal.untilText('0 of 1 ended');
    terminal.type('\x03');
    expect(await terminal.ended).toBe(130);
  });

  it('adds, renames, tags and removes a machine, and shows that in the audit log', async () => {
    const all = await createToken('see', 'machines:add', 'manage', 'audit:read');
    const own = (...args: string[]) => vsay.run(args, { environment: { VSAY_TOKEN: all.token } });
    const added = await own('machines', 'add', 'by-vsay', '--tag', 'one', 'two');
    expect(added.stdout).toMatch(/^vsay-agent configure --token wxt_rt_\S+ --host http:\S+\n$/);
    expect((await own('machines', 'rename', 'by-vsay', 'named-by-vsay')).code).toBe(0);
    await own('machines', 'tag', 'named-by-vsay', 'three', 'ONE');
    const tagged = await own('machines', 'tag', '--json', '--remove', 'named-by-vsay', 'two');
    const machine: { agent_id: string; tags: string[] } = JSON.parse(tagged.stdout);
    expect(machine.tags.toSorted()).toEqual(['ONE', 'three']);
    const asked = await own('machines', 'rm', 'named-by-vsay');
    expect([asked.code, asked.stderr]).toEqual([250, expect.stringContaining('--yes')]);
    expect((await own('machines', 'rm', '--yes', machine.agent_id)).code).toBe(0);
    expect(await own('ls', 'named-by-vsay')).toEqual({ code: 0, stdout: '', stderr: 'No machines.\n' });
    const log = await eventually('the row of the removal', async () => {
      const rows = await own('audit', '--action', 'machine_removed', '--limit', '1');
      return rows.stdout.includes('named-by-vsay') ? rows.stdout : undefined;
    });
    expect(log).toMatch(/^TIME +USER +ACTION/);
    const refused = await vsay.run(['machines', 'add', 'by-another']);
    expect([refused.code, refused.stderr]).toEqual([252, expect.stringContaining('access token')]);
  });

  it('completes commands, options and the names of machines', async () => {
    const bash = await vsay.run(['completion', 'bash']);
    expect([bash.code, bash.stdout]).toEqual([0, expect.stringContaining('vsay complete --')]);
    const offers = async (...words: string[]): Promise<string[]> => {
      const { stdout } = await vsay.run(['complete', '--', ...words]);
      return stdout.split('\n').map((line) => line.split('\t')[0] ?? '');
    };
    expect(await offers('co')).toContain('connect');
    expect(await offers('ls', '--st')).toContain('--status');
    expect(await offers('connect', ownMachine.name.slice(0, 1))).toContain(ownMachine.name);
  });

  it('reports its own failures by exit codes above those of shells, and by a sentence', async () => {
    const results = [
      [250, ['ls', '--jsn'], 'Did you mean --json?'],
      [250, ['connect', '--json', ownMachine.name], "unknown option '--json'"],
      [250, ['conect', 'x'], 'Did you mean connect?'],
      [250, ['exec', ownMachine.name], "missing required argument 'command'"],
      [250, ['connect', ownMachine.name], 'This needs a terminal'],
      [250, ['login', 'http://example.org', '--token'], 'is not encrypted'],
      [251, ['exec', 'no-such-machine', 'true'], 'You have no machine no-such-machine.'],
      [251, ['attach', 'AAAAAAAAAAAAAAAAAAAAAA'], 'You have no such session'],
      [253, ['ls', '--profile', 'nowhere'], 'There is no profile nowhere'],
    ] as const;
    for (const [code, args, sentence] of results) {
      const run = await vsay.run([...args], { input: token });
      expect([args, run.code, run.stderr]).toEqual([args, code, expect.stringContaining(sentence)]);
    }
    const from = (environment: Record<string, string>) => vsay.run(['ls'], { environment });
    const wrong = await from({ VSAY_TOKEN: `vsay_pat_${'0'.repeat(36)}` });
    expect([wrong.code, wrong.stderr]).toEqual([253, expect.stringContaining('vsay login')]);
    const narrow = await from({ VSAY_TOKEN: (await createToken('account:read')).token });
    expect(narrow.code).toBe(252);
    const away = await from({ VSAY_TOKEN: token, VSAY_HOST: 'http://127.0.0.1:9', HTTP_PROXY: '' });
    expect([away.code, away.stderr]).toEqual([254, expect.stringContaining('cannot be reached')]);
  });
});

describe('vsay connect', () => {
  it('opens a shell, follows the size of the window, and ends with the exit code of the shell', async () => {
    const shell = vsay.start(['connect', ownMachine.name], { cols: 101, rows: 33 });
    await shell.line('stty size');
    expect(shell.text()).toContain('33 101');
    shell.resize(77, 22);
    await shell.until('the new size', () => {
      shell.type('stty size\r');
      return shell.text().includes('22 77');
    });
    shell.type('exit 7\r');
    expect(await shell.ended).toBe(7);
  });

  it('goes on in the same shell when the link is cut, and no line is lost or doubled', async () => {
    const shell = vsay.start(['connect', ownMachine.name]);
    await shell.line('PS1=; stty -echo');
    const before = proxy.targets.length;
    const lines = 20_000;
    shell.type(`mine=$$; i=0; while [ $i -lt ${lines} ]; do echo "line $i."; i=$((i+1)); done; echo "all of $mine"\r`);
    for (const at of [1000, 8000, 15_000]) {
      await shell.untilText(`line ${at}.`);
      proxy.cut();
    }
    await shell.untilText('all of ', 60_000);
    expect(proxy.targets.length).toBeGreaterThan(before);
    // vsay shows the cut in the title, wherever the output stopped.
    const output = shell.text().replaceAll(/\x1b\[2[23];2t|\x1b\]2;[^\x07]*\x07/g, '');
    const numbers = [...output.matchAll(/line (\d+)\./g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: lines }, (_, number) => number));
    proxy.cut();
    await shell.line('echo "still $mine is $$"');
    expect(shell.text()).toMatch(/still (\d+) is \1/);
    shell.type('exit\r');
    expect(await shell.ended).toBe(0);
  });

  it('~? shows the escapes, ~. leaves the shell running, and attach goes back to it', async () => {
    const shell = vsay.start(['connect', ownMachine.name]);
    await shell.line('kept=the-same-shell');
    shell.type('\r~?');
    await shell.untilText('Supported escape sequences');
    shell.type('\r~.');
    expect(await shell.ended).toBe(0);
    const [, session = ''] = /vsay attach (?:-- )?([\w-]{22})/.exec(shell.text()) ?? [];
    const listed = await vsay.run(['sessions', '--json']);
    expect(JSON.parse(listed.stdout)).toContainEqual(expect.objectContaining({ session_id: session }));
    const again = vsay.start(['attach', '--', session]);
    await again.line('echo "it is $kept"');
    expect(again.text()).toContain('it is the-same-shell');
    again.type('~.');
    await again.ended;
    expect((await vsay.run(['end', '--', session])).code).toBe(0);
  });

  it.each(['escape', 'signal', 'revoked'] as const)(
    'restores the terminal in the middle of an editor: %s',
    async (way) => {
      const made = await createToken('see', 'open');
      const outer = vsay.startShell();
      const connect = `VSAY_TOKEN=${made.token} sh -c 'echo "pid=$$."; exec "$@"' sh ${vsay.commandLine(['connect', ownMachine.name])}`;
      outer.type(`${connect}; echo "code=$?."; stty -a; printf '%s.%s\\n' restored x\n`);
      await outer.line("printf '\\033[?1049h\\033[?25l\\033[?2004h\\033[?1000h'");
      const [, pid = ''] = /pid=(\d+)\./.exec(outer.text()) ?? [];
      if (way === 'escape') outer.type('\r~.');
      else if (way === 'signal') process.kill(Number(pid), 'SIGTERM');
      else await rest.send('DELETE', `/api/profile/tokens/${made.id}`);
      await outer.untilText('restored.x');
      const [, code] = /code=(\d+)\./.exec(outer.text()) ?? [];
      expect(code).toBe({ escape: '0', signal: '143', revoked: '253' }[way]);
      for (const reset of ['\x1b[?1049l', '\x1b[?25h', '\x1b[?2004l', '\x1b[?1000l'])
        expect(outer.text()).toContain(reset);
      expect(outer.text()).toMatch(/[^-]icanon/);
      expect(outer.text()).toMatch(/[^-]echo /);
      outer.type('exit\n');
      await outer.ended;
    },
  );
});

describe('vsay cp', () => {
  const there = mkdtempSync(join(tmpdir(), 'webxterm-cp-'));
  const here = mkdtempSync(join(tmpdir(), 'webxterm-cp-'));
  const machine = (path: string): string => `${ownMachine.name}:${join(there, path)}`;
  afterAll(() => {
    for (const folder of [there, here]) rmSync(folder, { recursive: true });
  });

  it('copies a file and a folder up and down, unchanged', async () => {
    const bytes = randomBytes(3_000_000);
    mkdirSync(join(here, 'tree/deep'), { recursive: true });
    writeFileSync(join(here, 'tree/big'), bytes);
    writeFileSync(join(here, 'tree/deep/empty'), '');
    writeFileSync(join(here, 'tree/deep/back\\slash é'), 'small');
    // A link in a folder may lead to a file that nobody meant to copy, or round in a circle.
    symlinkSync('../../secret', join(here, 'tree/link'));
    symlinkSync('..', join(here, 'tree/deep/circle'));
    const up = await vsay.run(['cp', '-r', join(here, 'tree'), machine('')]);
    expect([up.code, up.stderr]).toEqual([0, expect.stringContaining('3 files, ')]);
    expect(up.stderr.match(/is a link\. It is left out\./g)).toHaveLength(2);
    expect(readdirSync(join(there, 'tree'), { recursive: true }).toSorted()).toEqual(
      ['big', 'deep', 'deep/back\\slash é', 'deep/empty'].toSorted(),
    );
    expect(readFileSync(join(there, 'tree/big')).equals(bytes)).toBe(true);
    const down = await vsay.run(['cp', '--json', '-r', machine('tree'), join(here, 'copy')]);
    expect(down.code).toBe(0);
    expect(JSON.parse(down.stdout)).toEqual({ files: 3, bytes: bytes.length + 5 });
    // The content of a folder, into one that is there.
    expect(await vsay.run(['cp', '-r', `${join(here, 'tree/deep')}/.`, machine('')])).toMatchObject({ code: 0 });
    expect(readFileSync(join(there, 'back\\slash é'), 'utf8')).toBe('small');
    for (const path of ['big', 'deep/empty', 'deep/back\\slash é'])
      expect(readFileSync(join(here, 'copy', path)).equals(readFileSync(join(here, 'tree', path)))).toBe(true);
  });

  it('goes on after cuts of a download where it was', async () => {
    const bytes = randomBytes(40_000_000);
    writeFileSync(join(there, 'long'), bytes);
    const before = proxy.cuts;
    proxy.cutEvery(10_000_000, 3);
    expect(await vsay.run(['cp', machine('long'), here])).toMatchObject({ code: 0 });
    expect(proxy.cuts - before).toBe(3);
    expect(readFileSync(join(here, 'long')).equals(bytes)).toBe(true);
    expect(readdirSync(here).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('refuses what it cannot do, by a sentence', async () => {
    mkdirSync(join(there, 'folder'));
    for (const folder of [here, there]) writeFileSync(join(folder, 'file'), 'text');
    const refused = [
      [250, ['cp', machine('')], 'Name what is copied'],
      [250, ['cp', 'a', 'b'], 'there is cp'],
      [250, ['cp', machine('folder'), here], '--recursive'],
      [250, ['cp', '-r', machine('folder'), machine('other')], 'not copied between machines'],
      [251, ['cp', machine('nothing-here'), here], 'There is no '],
      [251, ['cp', join(here, 'nothing-here'), machine('')], 'cannot be read'],
      [255, ['cp', '-n', join(here, 'file'), machine('file')], 'already'],
    ] as const;
    for (const [code, args, sentence] of refused) {
      const run = await vsay.run([...args]);
      expect([args, run.code, run.stderr]).toEqual([args, code, expect.stringContaining(sentence)]);
    }
  });
});

describe('vsay login in the browser', () => {
  it('shows the computer and the scopes, gets a token when the user allows it, and logout revokes it', async () => {
    const own = new Vsay({ BROWSER: '/bin/true' });
    const view = await TerminalPage.open(browser, {});
    await view.signIn(stack.url, stack.admin);
    await view.page.getByRole('table', { name: 'Machines' }).waitFor();
    const login = own.start(['login', stack.url], { cols: 200, rows: 24 });
    await login.untilText('with --no-browser');
    const [address = ''] = /http:\S+\/authorize\?request=[\w-]{43}/.exec(login.text()) ?? [];
    const framing = await fetch(address);
    expect(framing.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    await view.page.goto(address);
    await view.page.getByText(hostname()).first().waitFor();
    await view.page.getByText('Open terminals, and end them').waitFor();
    expect(await violations(view.page)).toEqual([]);
    await view.page.getByLabel('Valid for, in days').fill('7');
    await view.page.getByRole('button', { name: 'Allow vsay' }).click();
    expect(await login.ended).toBe(0);
    await view.page.getByText('vsay is logged in.').waitFor();
    expect((await own.run(['whoami'])).stdout).toContain(stack.admin.email);
    expect((await own.run(['exec', ownMachine.name, 'echo by-the-browser'])).stdout).toBe('by-the-browser\n');
    const { body } = await rest.get<{ tokens: { name: string; expires_at: string }[] }>('/api/profile/tokens');
    const made = body.tokens.find(({ name }) => name === `vsay on ${hostname()}`);
    expect(Date.parse(made?.expires_at ?? '') - Date.now()).toBeLessThanOrEqual(7 * 24 * 3_600_000);
    expect((await own.run(['logout'])).stderr).toBe(`Logged out of ${stack.url}.\n`);
    expect((await rest.get<{ tokens: object[] }>('/api/profile/tokens')).body.tokens).not.toContainEqual(
      expect.objectContaining({ name: `vsay on ${hostname()}` }),
    );
    own.remove();
  });

  it('by a code that the user types, also from a page that was refused before', async () => {
    const own = new Vsay();
    const view = await TerminalPage.open(browser, {});
    await view.signIn(stack.url, stack.admin);
    await view.page.getByRole('table', { name: 'Machines' }).waitFor();
    const answer = async (button: string): Promise<number> => {
      const login = own.start(['login', '--no-browser', stack.url], { cols: 200, rows: 24 });
      await login.until('the code', () => /\b[B-Z]{4}-[B-Z]{4}\b/.test(login.text()));
      const [code = ''] = /\b[B-Z]{4}-[B-Z]{4}\b/.exec(login.text()) ?? [];
      await view.page.goto(`${stack.url}/authorize`);
      await view.page.getByLabel('Code').fill(code.toLowerCase());
      await view.page.getByRole('button', { name: 'Find the program' }).click();
      await view.page.getByText('Allow it only if you have started it yourself').waitFor();
      await view.page.getByRole('button', { name: button }).click();
      return login.ended;
    };
    expect(await answer('Refuse')).toBe(252);
    expect(await answer('Allow vsay')).toBe(0);
    expect((await own.run(['ls'])).stdout).toContain(ownMachine.agent_id);
    own.remove();
  });
});
