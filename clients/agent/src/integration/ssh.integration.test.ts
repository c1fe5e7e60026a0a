import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Recording, type SshActivity } from '@webxterm/contracts/grpc';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readProcess } from '../shell/processes.ts';
import { requirePrograms, SshBridge } from './ssh-bridge.ts';
import { startTestAgent } from './test-agent.ts';
import type { TestHub } from './test-hub.ts';

let hub: TestHub;
let stop: () => Promise<void>;
let box: SshBridge;
const bridges: SshBridge[] = [];
const { username } = os.userInfo();

const bridge = async (...open: Parameters<typeof SshBridge.start> extends [TestHub, ...infer Rest] ? Rest : never) => {
  const made = await SshBridge.start(hub, ...open);
  bridges.push(made);
  return made;
};

beforeAll(async () => {
  await requirePrograms();
  ({ hub, stop } = await startTestAgent());
  box = await bridge();
}, 60_000);

afterAll(async () => {
  for (const one of bridges) one.stop();
  await stop?.();
});

const activities = (): SshActivity[] =>
  hub.messages.flatMap((message) => (message.$case === 'sshActivity' ? [message.value] : []));
const lives = (pid: number): boolean => readProcess(pid) !== undefined && readProcess(pid)?.zombie !== true;

it('runs a command line as the shell gets it, with stdin, both outputs, exit code and signal', async () => {
  const ran = await box.run(
    'ssh',
    ['box', `printf '%s|' "a  b" $'\\xff\\x00x' '*' ; cat; echo oops >&2; exit 7`],
    Buffer.from([0, 255, 10, 13, 128]),
  );
  expect(ran.stdout).toEqual(Buffer.from('a  b|\xff|*|\x00\xff\n\r\x80', 'latin1'));
  expect(ran).toMatchObject({ code: 7, stderr: 'oops\n' });
  expect((await box.ssh('kill -TERM $$')).code).toBe(255);
  expect((await box.ssh('echo $0; tty; echo x > /dev/stderr')).stdout.toString()).toMatch(/^\S*sh\nnot a tty\n$/);
});

it('carries megabytes unchanged in both directions, and both outputs at once', async () => {
  const bytes = randomBytes(5_000_000);
  const back = await box.run('ssh', ['box', 'cat'], bytes);
  expect(createHash('sha256').update(back.stdout).digest()).toEqual(createHash('sha256').update(bytes).digest());
  const both = await box.ssh('for i in 1 2 3 4 5 6; do head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; done');
  expect([both.stdout.length, both.stderr.length]).toEqual([6_000_000, 6_000_000]);
});

it('has a terminal only when asked, of the size and type of the client, and without the environment of the agent', async () => {
  const ran = await box.run('ssh', [
    '-tt',
    'box',
    'tty; echo $TERM; stty size; env | cut -d= -f1 | sort | tr "\\n" " "',
  ]);
  const text = ran.stdout.toString();
  expect(text).toMatch(/\/dev\/pts\/\d+/);
  expect(text).not.toContain('NODE_');
  const sent = await box.run('ssh', [
    '-o',
    'SendEnv=LC_* PATH',
    '-o',
    'SetEnv=LANG=de_DE.UTF-8 LD_PRELOAD=x',
    'box',
    'echo $LANG $LC_ALL $LD_PRELOAD',
  ]);
  expect(sent.stdout.toString()).toBe('de_DE.UTF-8 C.UTF-8\n');
});

it('opens a login shell on a terminal, and one without', async () => {
  const shell = await box.run('ssh', ['-tt', 'box'], 'shopt -q login_shell && echo is""-login; exit 3\n');
  expect(shell.stdout.toString()).toContain('is-login');
  expect(shell.code).toBe(3);
  const piped = await box.run('ssh', ['-T', 'box'], 'tty; shopt -q login_shell && echo is""-login; exit 4\n');
  expect(piped.stdout.toString()).toContain('not a tty\nis-login\n');
  expect(piped.code).toBe(4);
});

it('copies files by scp in both its ways, by sftp and by rsync', async () => {
  const folder = path.join(box.folder, 'files');
  mkdirSync(path.join(folder, 'in', 'deep'), { recursive: true });
  const bytes = randomBytes(3_000_000);
  writeFileSync(path.join(folder, 'in', 'a b'), bytes, { mode: 0o640 });
  writeFileSync(path.join(folder, 'in', 'deep', 'ü'), 'x');
  for (const [name, ...old] of [['new'], ['old', '-O']] as const) {
    const to = path.join(folder, name);
    expect(await box.run('scp', [...old, '-pr', path.join(folder, 'in'), `box:${to}`])).toMatchObject({ code: 0 });
    expect(readFileSync(path.join(to, 'a b')).equals(bytes)).toBe(true);
    expect(readdirSync(path.join(to, 'deep'))).toEqual(['ü']);
    expect(await box.run('scp', [...old, '-r', `box:${to}`, path.join(folder, `${name}-back`)])).toMatchObject({
      code: 0,
    });
    expect(readFileSync(path.join(folder, `${name}-back`, 'a b')).equals(bytes)).toBe(true);
  }
  const batch = [
    `cd ${folder}`,
    `lcd ${folder}`,
    'mkdir made',
    'put in/deep/ü made/x',
    'chmod 600 made/x',
    'rename made/x made/y',
    'ls -l made',
    'ln -s y made/z',
  ];
  const sftp = await box.run(
    'sftp',
    ['-b', '-', 'box'],
    `${[...batch, `get made/y ${box.folder}/got`, 'rm made/y', 'rm made/z', 'rmdir made'].join('\n')}\n`,
  );
  expect(sftp).toMatchObject({ code: 0, stderr: '' });
  expect(sftp.stdout.toString()).toMatch(/-rw------- .* 1 .*y/);
  expect(readFileSync(path.join(box.folder, 'got'), 'utf8')).toBe('x');
  const rsync = await box.run('rsync', ['-a', '-e', `ssh -F ${box.config}`, `${folder}/in/`, `box:${folder}/synced/`]);
  expect(rsync).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(path.join(folder, 'synced', 'a b')).equals(bytes)).toBe(true);
  await until(() => activities().some(({ detail }) => detail === 'folder removed'));
  const files = activities().filter(({ action }) => action.startsWith('file_'));
  expect(files).toContainEqual(
    expect.objectContaining({ action: 'file_written', subject: path.join(folder, 'new', 'a b'), bytes: 3_000_000n }),
  );
  expect(files).toContainEqual(
    expect.objectContaining({ action: 'file_read', subject: path.join(folder, 'new', 'a b'), bytes: 3_000_000n }),
  );
  expect(files.map(({ detail }) => detail)).toContain(`renamed to ${path.join(folder, 'made/y')}`);
});

it('clones and pushes by git', async () => {
  const git = (...args: string[]) => box.run('git', args);
  await git('init', '-q', '--bare', 'origin.git');
  expect(await git('clone', '-q', `ssh://box${box.folder}/origin.git`, 'work')).toMatchObject({ code: 0 });
  writeFileSync(path.join(box.folder, 'work', 'file'), 'x');
  await git('-C', 'work', 'add', 'file');
  await git('-C', 'work', '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'first');
  expect(await git('-C', 'work', 'push', '-q', 'origin', 'HEAD')).toMatchObject({ code: 0 });
  expect(existsSync(path.join(box.folder, 'origin.git', 'refs', 'heads'))).toBe(true);
});

it('forwards to what agent.yaml allows, with the end of each direction, and to nothing else', async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(bytes));
    socket.on('end', () => socket.end('!'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const echoed = await box.run('ssh', ['-W', `localhost:${port}`, 'box'], 'hello');
  expect(echoed.stdout.toString()).toBe('hello!');
  const refused = await box.run('ssh', ['-W', '169.254.169.254:80', 'box'], 'x');
  expect(refused).toMatchObject({ code: 255 });
  server.close();
  const forwards = activities().filter(({ action }) => action === 'forward');
  expect(forwards.map(({ subject, refused: code }) => [subject, code])).toEqual([
    [`localhost:${port}`, ''],
    ['169.254.169.254:80', 'forward_refused'],
  ]);
});

it('reports each program before it starts, with what does not show escaped', async () => {
  const before = activities().length;
  await box.ssh("echo one\necho $'\\033'; echo \x1b");
  await until(() => activities().length > before);
  expect(activities().at(-1)).toMatchObject({
    action: 'command',
    subject: "echo one\\necho $'\\033'; echo \\x1b",
    linuxUser: username,
    terminal: false,
    refused: '',
  });
});

it.each([
  ['command', ['box', 'echo x'], 'right command'],
  ['open', ['-T', 'box'], 'right open'],
  ['open', ['-tt', 'box', 'echo x'], 'right open'],
])('refuses without the right %s', async (right, args, sentence) => {
  const rights = ['open', 'command', 'files_read', 'files_write', 'forward'].filter((one) => one !== right);
  const less = await bridge({ rights });
  const ran = await less.run('ssh', args, 'echo x\n');
  expect(ran.code).toBe(254);
  expect(`${ran.stderr}${ran.stdout}`).toContain(sentence);
  await until(() => activities().at(-1)?.refused === 'view_only');
});

it('lets sftp read, write and forward only with the right of each', async () => {
  const file = path.join(box.folder, 'secret');
  writeFileSync(file, 'x');
  const reads = await bridge({ rights: ['files_read'] });
  expect(await reads.run('sftp', ['-b', '-', 'box'], `get ${file} copied\n`)).toMatchObject({ code: 0 });
  for (const line of [
    `put ${file} /tmp/new`,
    `rm ${file}`,
    `chmod 777 ${file}`,
    `mkdir ${file}.d`,
    `rename ${file} ${file}2`,
  ])
    expect([line, (await reads.run('sftp', ['-b', '-', 'box'], `${line}\n`)).stderr]).toEqual([
      line,
      expect.stringMatching(/denied|not/i),
    ]);
  expect(readFileSync(file, 'utf8')).toBe('x');
  const writes = await bridge({ rights: ['files_write'] });
  expect(await writes.run('sftp', ['-b', '-', 'box'], `put ${file} ${file}3\n`)).toMatchObject({ code: 0 });
  for (const line of [`get ${file} stolen`, `ls ${path.dirname(file)}`])
    expect((await writes.run('sftp', ['-b', '-', 'box'], `${line}\n`)).code).toBe(1);
  expect(existsSync(path.join(writes.folder, 'stolen'))).toBe(false);
  expect((await writes.run('ssh', ['-W', 'localhost:22', 'box'])).code).toBe(255);
  const forwards = await bridge({ rights: ['forward'] });
  expect((await forwards.run('sftp', ['-b', '-', 'box'], 'pwd\n')).stderr).toContain('right files_read');
});

it('reports the files that a client has read when it goes without closing them', async () => {
  const file = path.join(box.folder, 'unclosed');
  writeFileSync(file, 'secret');
  const client = spawn('ssh', ['-F', box.config, '-s', 'box', 'sftp']);
  const [name, zeros] = [Buffer.from(file), Buffer.alloc(8)];
  const u32 = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
  const send = (...parts: Buffer[]): void => {
    const body = Buffer.concat(parts);
    client.stdin.write(Buffer.concat([u32(body.length), body]));
  };
  send(Buffer.from([1]), u32(3));
  send(Buffer.from([3]), u32(1), u32(name.length), name, u32(1), u32(0));
  send(Buffer.from([5]), u32(2), u32(4), u32(1), zeros, u32(100));
  let answers = '';
  client.stdout.on('data', (bytes: Buffer) => {
    answers += bytes.toString('latin1');
    if (answers.includes('secret')) client.kill('SIGKILL');
  });
  await once(client, 'close');
  await until(() => activities().some(({ action, subject }) => action === 'file_read' && subject === file));
  expect(activities().find(({ subject }) => subject === file)).toMatchObject({ bytes: 6n });
});

it('starts neither shells nor commands where terminals must be recorded, but transfers files', async () => {
  const recorded = await bridge({ recording: Recording.RECORDING_REQUIRED });
  for (const args of [
    ['box', 'echo x'],
    ['-tt', 'box'],
    ['-T', 'box'],
  ])
    expect(await recorded.run('ssh', args)).toMatchObject({ code: 254 });
  expect((await recorded.ssh('echo x')).stderr).toContain('must be recorded');
  expect(await recorded.run('sftp', ['-b', '-', 'box'], 'pwd\n')).toMatchObject({ code: 0 });
});

it('takes no other user name than that of its Linux user, and no session without rights', async () => {
  expect((await box.run('ssh', ['-l', username, 'box', 'id -un'])).stdout.toString()).toBe(`${username}\n`);
  expect((await box.run('ssh', ['-l', 'nobody-else', 'box', 'id'])).stderr).toContain('Permission denied');
  const none = await bridge({ rights: [] });
  expect((await none.ssh('echo x')).code).toBe(255);
  expect(await none.viewers[0]?.frame('refused')).toMatchObject({ code: 'view_only' });
});

it('runs 32 programs in a connection, and names the limit to the others', async () => {
  const control = path.join(box.folder, 'control');
  const shared = ['-S', control, '-o', 'ControlMaster=auto', '-o', 'ControlPersist=60'];
  expect(await box.run('ssh', [...shared, 'box', 'true'])).toMatchObject({ code: 0 });
  const gate = path.join(box.folder, 'gate');
  const all = Array.from({ length: 50 }, () =>
    box.run('ssh', [...shared, 'box', `echo in; until [ -e ${gate} ]; do sleep 0.1; done`]),
  );
  const refused = await Promise.race(all);
  expect(refused).toMatchObject({ code: 254, stderr: expect.stringContaining('already runs 32 programs') });
  writeFileSync(gate, '');
  const codes = (await Promise.all(all)).map(({ code }) => code);
  expect(codes.filter((code) => code === 0).length).toBeGreaterThanOrEqual(32);
  expect(codes.every((code) => code === 0 || code === 254)).toBe(true);
  await box.run('ssh', ['-S', control, '-O', 'exit', 'box']);
}, 120_000);

it('refuses a command line that would not arrive unchanged', async () => {
  const script = path.join(box.folder, 'not-utf8');
  writeFileSync(script, Buffer.from('exec ssh -F "$1" box "echo \xff"', 'latin1'));
  expect(await box.run('bash', [script, box.config])).toMatchObject({
    code: 254,
    stderr: expect.stringContaining('not UTF-8'),
  });
});

it('leaves what was put into the background when the client goes', async () => {
  const pids = path.join(box.folder, 'pids');
  await box.ssh(`setsid sleep 300 </dev/null >/dev/null 2>&1 & echo $! > ${pids}`);
  const background = Number(readFileSync(pids, 'utf8'));
  expect(lives(background)).toBe(true);
  process.kill(background, 'SIGKILL');
});

it('ends everything that a connection has started when its right ends', async () => {
  const one = await bridge();
  const place = path.join(one.folder, 'pids');
  mkdirSync(place);
  const control = ['-S', path.join(one.folder, 'control'), '-o', 'ControlMaster=auto', '-o', 'ControlPersist=60'];
  const note = (name: string) => `echo $$ > ${place}/${name}`;
  // One connection for all of them.
  expect(await one.run('ssh', [...control, 'box', 'true'])).toMatchObject({ code: 0 });
  const running = [
    one.run('ssh', [...control, 'box', `${note('main')}; exec sleep 300`]),
    one.run('ssh', [...control, '-tt', 'box', `${note('terminal')}; trap '' HUP TERM; while :; do sleep 1; done`]),
    one.run('ssh', [
      ...control,
      'box',
      `setsid sh -c '${note('background')}; exec sleep 300' </dev/null >/dev/null 2>&1 &`,
    ]),
  ];
  const names = ['main', 'terminal', 'background'];
  const pid = (name: string): number => Number(readFileSync(path.join(place, name), 'utf8'));
  await until(() => names.every((name) => existsSync(path.join(place, name)) && pid(name) > 0));
  const pids = names.map(pid);
  expect(pids.map(lives)).toEqual([true, true, true]);
  expect(one.viewers.length).toBe(1);
  one.viewers[0]?.send({ type: 'detach', reason: 'revoked' });
  await until(() => !pids.some(lives));
  one.stop();
  await Promise.all(running);
}, 60_000);

it('ends a session whose owner attaches again with fewer rights', async () => {
  const one = await bridge();
  const sleeping = one.ssh('sleep 300');
  await until(() => one.viewers.length === 1);
  const [viewer] = one.viewers;
  await viewer?.frame('accepted');
  expect(await viewer?.attach({ kind: 'ssh', rights: ['command'] })).toMatchObject({
    type: 'refused',
    code: 'view_only',
  });
  one.stop();
  await sleeping;
});

it('survives bytes that are no ssh, and goes on for others', async () => {
  for (const garbage of [
    randomBytes(100_000),
    Buffer.from(`SSH-2.0-x\r\n${'\xff'.repeat(50_000)}`, 'latin1'),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
  ]) {
    const socket = connect(box.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.end(garbage);
    socket.resume();
    await once(socket, 'close');
  }
  expect((await box.ssh('echo still')).stdout.toString()).toBe('still\n');
});
