import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoginMachine } from './login-machine.ts';

// Compares a shell of the agent with one of sshd on the same machine, fact by fact: npm run test:containers -- login.

let machine: LoginMachine;

beforeAll(async () => {
  machine = await LoginMachine.start();
}, 600_000);
afterAll(() => machine?.remove());

const factsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

describe('a shell of the agent, beside one of sshd', () => {
  const typed = (name: string): string => `FACTS=/tmp/${name}; . /usr/local/share/facts.sh`;

  it('has the same environment, limits and rights', async () => {
    await machine.ssh(typed('ssh'));
    await machine.shell('dev1', typed('agent'));
    const ssh = factsIn(await machine.sh('cat /tmp/ssh'));
    const agent = factsIn(await machine.sh('cat /tmp/agent'));
    expect(Object.keys(ssh).length).toBeGreaterThan(60);
    expect(ssh).toMatchObject({
      'argv[0]': '-bash',
      terminal: 'dev1 tty 620',
      'in who': 'dev1',
      'soft limit max user processes': '1234',
      'variable FROM_ENVIRONMENT': 'yes',
    });
    expect(agent).toEqual(ssh);
  });

  it('prevents privilege escalation without --allow-sudo, and is otherwise the same', async () => {
    await machine.shell('dev1', typed('confined'), false);
    const { 'status NoNewPrivs:': kept, ...confined } = factsIn(await machine.sh('cat /tmp/confined'));
    const { 'status NoNewPrivs:': _free, ...agent } = factsIn(await machine.sh('cat /tmp/agent'));
    expect(kept).toBe('1');
    expect(confined).toEqual(agent);
  });

  it.each([
    'alice@corp.example.com',
    'CORP\\alice',
    '1001user',
    'jörg',
    'maximiliane.hohenberg-lichtenstein@accounts.europe-central.corp.example.com',
  ])('is of %s, an account that getent finds', async (name) => {
    const { text } = await machine.shell(name, 'printf "is [%s]" "$USER"');
    expect(text).toContain(`is [${name}]`);
    expect((await machine.command(name, 'printf "is [%s]" "$USER"')).stdout).toBe(`is [${name}]`);
  });

  it.each([
    ['exit 3', { exitCode: 3 }],
    ['exit 137', { exitCode: 137 }],
    ['kill -KILL $$', { signal: 'SIGKILL' }],
    ['kill -HUP $$', { signal: 'SIGHUP' }],
  ])('reports how it ended: %s', async (line, expected) => {
    expect(await machine.shell('dev1', line)).toMatchObject(expected);
    expect(await machine.command('dev1', line)).toMatchObject({ error: '', ...expected });
  });

  it('has the groups that the user has now', async () => {
    await machine.sh('groupadd later; usermod --append --groups later dev1');
    expect((await machine.shell('dev1', 'id -Gn')).text).toContain('dev1 deploy later');
    expect((await machine.command('dev1', 'id -Gn')).stdout).toBe('dev1 deploy later\n');
  });

  it.each([
    ['may not be entered', 'chmod 700 /home', 'chmod 755 /home', 'Permission denied'],
    ['is missing', 'mv /home/dev1 /home/away', 'mv /home/away /home/dev1', 'No such file or directory'],
  ])('starts in / if the home folder %s, and reports it', async (_what, shut, open, reason) => {
    await machine.sh(shut);
    const { text } = await machine.shell('dev1', 'echo "in [$PWD]"');
    const command = await machine.command('dev1', 'pwd');
    await machine.sh(open);
    expect(text).toContain(`cannot change directory to /home/dev1: ${reason}`);
    expect(text).toContain('in [/]');
    expect(command).toMatchObject({ stdout: '/\n', stderr: expect.stringContaining(reason), exitCode: 0 });
  });

  it('enters a home folder that root may not enter, as on NFS with root squash', async () => {
    // FUSE lets nobody in but the user who mounted it, not even root.
    await machine.sh(
      'chmod 666 /dev/fuse; install -d -o dev1 /srv/dev1; su dev1 -c "bindfs --no-allow-other -o nonempty /srv/dev1 /home/dev1"',
    );
    const root = await machine.sh('ls /home/dev1 2>&1 || true');
    const { text } = await machine.shell('dev1', 'echo "in [$PWD]"; touch mine && echo "wrote [it]"');
    const command = await machine.command('dev1', 'pwd; ls');
    await machine.sh('umount /home/dev1');
    expect(root).toContain('Permission denied');
    expect(text).toContain('in [/home/dev1]');
    expect(text).toContain('wrote [it]');
    expect(command).toMatchObject({ stdout: '/home/dev1\nmine\n', stderr: '', exitCode: 0 });
  });

  it('has a scope of its own: processes that it left running outlive the service of the agent', async () => {
    const probe = '/project/clients/agent/src/integration/login-probe.ts';
    const typedIn = 'nohup sleep 7777 >/dev/null 2>&1 & exit';
    const node = '/project/node_modules/.bin/node';
    await machine.sh(
      `systemd-run --quiet --wait --unit probe ${node} --no-warnings ${probe} shell dev1 sudo '${typedIn}'`,
    );
    expect(await machine.sh('cat /proc/$(pgrep -f "^sleep 7777")/cgroup')).toMatch(/session-\w+\.scope/);
  });
});

describe.each(['tcsh', 'fish', 'zsh'])('%s, as the shell of an account', (name) => {
  const typed = (file: string): string =>
    `env FACTS=/tmp/${file} bash -c 'FACTS_OF=$PPID; . /usr/local/share/facts.sh'`;
  /** tcsh reads REMOTEHOST from the entry in utmp, where only sshd has an address. PATH: see the table of commands; bash sets its own. */
  const differing = ['variable REMOTEHOST', 'variable PATH'];
  const rest = (facts: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(facts).filter(([fact]) => !differing.includes(fact)));

  beforeAll(() => machine.sh(`usermod -s /usr/bin/${name} dev1`));
  afterAll(() => machine.sh('usermod -s /bin/bash dev1'));

  it('gets the same environment, limits and rights as from sshd', async () => {
    await machine.ssh(typed('ssh'));
    await machine.shell('dev1', typed('agent'));
    const ssh = rest(factsIn(await machine.sh('cat /tmp/ssh')));
    const agent = rest(factsIn(await machine.sh('cat /tmp/agent')));
    expect(Object.keys(ssh).length).toBeGreaterThan(60);
    expect(ssh).toMatchObject({ 'argv[0]': `-${name}`, terminal: 'dev1 tty 620', 'in who': 'dev1' });
    expect(agent).toEqual(ssh);
  });

  it.each([
    ['exit 3', { exitCode: 3 }],
    ["sh -c 'kill -KILL $PPID'", { signal: 'SIGKILL' }],
  ])('reports how it ended: %s', async (line, expected) => {
    expect(await machine.shell('dev1', line)).toMatchObject(expected);
  });

  it.each(['echo a; sh -c "echo b >&2"; exit 3', 'cat; false', '/no/such/program'])(
    'runs a command line as for ssh: %s',
    async (line) => {
      const ssh = await machine.sshCommand(line);
      const { stdout, stderr, exitCode } = await machine.command('dev1', line);
      expect({ status: exitCode, stdout, stderr }).toEqual(ssh);
    },
  );
});

it.each([
  ['bash', '.bashrc'],
  ['zsh', '.zshrc'],
  ['fish', '.config/fish/config.fish'],
])('%s marks its commands once the lines of the agent are in %s', async (name, file) => {
  const agent = '/project/node_modules/.bin/node --no-warnings /project/clients/agent/src/main.ts';
  const home = '/home/dev1';
  await machine.sh(`usermod -s $(command -v ${name}) dev1; mkdir -p ${home}/.config/fish; touch ${home}/${file}`);
  await machine.sh(`cp ${home}/${file} /tmp/rc; ${agent} shell-integration ${name} >>${home}/${file}`);
  const { text = '' } = await machine.shell('dev1', 'echo first; false');
  await machine.sh(`cp /tmp/rc ${home}/${file}; usermod -s /bin/bash dev1`);
  const marks = [...text.matchAll(/\x1b\]133;([ACD](?:;\d+)?)/g)].map(([, mark]) => mark);
  expect(marks.join(' ')).toMatch(/A C D;1 A C/);
});

describe('an account that must not log in', () => {
  const closed = [
    ['expired', 'chage -E 0 dev1', 'chage -E -1 dev1', /expired/],
    ['to change the password first', 'chage -d 0 dev1', 'chage -d 20000 dev1', /must be changed/],
    ['locked', 'echo dev1:secret | chpasswd; usermod -L dev1', 'usermod -U dev1', /locked/],
    ['shut out by nologin', 'echo Back at noon. >/etc/nologin', 'rm /etc/nologin', /Back at noon\./],
  ] as const;

  it.each(closed)('is refused with the reason: %s', async (_what, close, open, reason) => {
    await machine.sh(close);
    const shell = await machine.shell('dev1', 'id');
    const command = await machine.command('dev1', 'id');
    await machine.sh(open);
    expect(shell.refused).toMatch(reason);
    expect(command).toMatchObject({ error: expect.stringMatching(reason), stdout: '' });
  });

  it('with the shell nologin prints its message only', async () => {
    await machine.sh('usermod -s /usr/sbin/nologin dev1');
    const shell = await machine.shell('dev1', '');
    const command = await machine.command('dev1', 'id');
    await machine.sh('usermod -s /bin/bash dev1');
    expect(shell).toMatchObject({ exitCode: 1, text: expect.stringContaining('currently not available') });
    expect(command).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('currently not available') });
  });
});

describe('a command of the agent, beside one of sshd', () => {
  const line = (name: string): string => `FACTS=/tmp/${name}; . /usr/local/share/facts.sh`;
  const factsOf = async (name: string): Promise<Record<string, string>> =>
    factsIn(await machine.sh(`cat /tmp/${name}`));

  /** All differences, with their reasons. Those that a user notices are in docs/agent.md. */
  const differences: readonly { fact: string; ssh: string | undefined; agent: unknown; why: string }[] = [
    {
      fact: 'descriptor 0',
      ssh: 'pipe 0',
      agent: '/dev/null 0',
      why: 'both are at their end; programs such as rg search a pipe in place of the folder',
    },
    {
      fact: 'variable PATH',
      ssh: '/usr/local/bin:/usr/bin:/bin:/usr/games',
      agent: '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games',
      why: 'su takes it from login.defs(5) of the machine, sshd has its own',
    },
    {
      fact: 'variable VSAY_COMMAND',
      ssh: undefined,
      agent: expect.stringMatching(/^probe-[0-9a-f]{18}$/),
      why: 'an agent that was started again finds the processes that a killed one has left by it',
    },
  ];

  it('has the same environment, descriptors, limits and rights, but for the differences in this table', async () => {
    // First, because a session of sshd starts the user manager and leaves it running for a while.
    await machine.command('dev1', line('agent-command'));
    await machine.sshCommand(line('ssh-command'));
    const ssh = await factsOf('ssh-command');
    const agent = await factsOf('agent-command');
    expect(Object.keys(ssh).length).toBeGreaterThan(75);
    expect(ssh).toMatchObject({
      'argv[0]': 'bash',
      terminal: '?',
      'bytes on stdin': '0',
      'descriptor 1': 'pipe 1',
      'variable XDG_RUNTIME_DIR': '/run/user/1001',
      'variable FROM_ENVIRONMENT': 'yes',
      'soft limit max user processes': '1234',
    });
    const named = new Map(differences.map(({ fact }) => [fact, true]));
    const rest = (facts: Record<string, string>): Record<string, string> =>
      Object.fromEntries(Object.entries(facts).filter(([fact]) => !named.has(fact)));
    expect(rest(agent)).toEqual(rest(ssh));
    for (const { fact, ssh: bySsh, agent: byAgent } of differences)
      expect([fact, ssh[fact], agent[fact]]).toEqual([fact, bySsh, byAgent]);
  });

  it('prevents privilege escalation without --allow-sudo, and is otherwise the same', async () => {
    await machine.command('dev1', line('confined-command'), { sudo: false });
    const {
      'status NoNewPrivs:': kept,
      'variable VSAY_COMMAND': _one,
      ...confined
    } = await factsOf('confined-command');
    const { 'status NoNewPrivs:': free, 'variable VSAY_COMMAND': _other, ...agent } = await factsOf('agent-command');
    expect([kept, free]).toEqual(['1', '0']);
    expect(confined).toEqual(agent);
  });

  // ssh ends with 255 if a signal ended the command.
  it.each([
    ['exit 3', 3, { exitCode: 3 }],
    ['exit 137', 137, { exitCode: 137 }],
    ['kill -KILL $$', 255, { signal: 'SIGKILL' }],
    ['kill -TERM $$', 255, { signal: 'SIGTERM' }],
    ['kill -PIPE $$', 255, { signal: 'SIGPIPE' }],
    ['set -o pipefail; yes | head -n 1', 141, { exitCode: 141 }],
    ['echo a; echo b >&2; cat; false', 1, { exitCode: 1 }],
    ['/etc/passwd', 126, { exitCode: 126 }],
    ['exec /no/such/program', 127, { exitCode: 127 }],
    ['echo $- $#; trap', 0, { exitCode: 0 }],
  ])('ends in the same way, with the same output: %s', async (typed, status, expected) => {
    const ssh = await machine.sshCommand(typed);
    const { stdout, stderr, ...agent } = await machine.command('dev1', typed);
    expect(agent).toMatchObject({ error: '', ...expected });
    expect({ status, stdout, stderr }).toEqual(ssh);
  });
});

describe('a command as another user', () => {
  it('can write to its outputs by name', async () => {
    const line = 'echo a >/dev/stdout; echo b | tee /dev/stderr';
    expect(await machine.command('dev1', line)).toMatchObject({ stdout: 'a\nb\n', stderr: 'b\n', exitCode: 0 });
  });

  it('ends with all processes that it started, also in other sessions', async () => {
    const left = 'setsid env -i sleep 8881 & (trap "" TERM; exec env -i sleep 8882) & sleep 8883';
    expect(await machine.command('dev1', `(${left}) >/dev/null 2>&1`, { timeoutMs: 2500 })).toMatchObject({
      timedOut: true,
    });
    expect(await machine.sh('pgrep -f "^sleep 888" || echo none')).toBe('none\n');
  });
});
