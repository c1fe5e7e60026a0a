import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../../stack/src/agent-package/build-package.ts';
import { bundleAgent } from '../../stack/src/agent-package/bundle.ts';
import { releaseFolder } from '../../stack/src/agent-package/keep-published.ts';
import type { Manifest } from '../../stack/src/agent-package/manifest.ts';
import { platforms } from '../../stack/src/agent-package/pinned-packages.ts';
import { publishInstaller, publishRelease } from '../../stack/src/agent-package/publish.ts';
import { keepReleaseKey } from '../../stack/src/agent-package/release-key.ts';
import { ownEnvironment } from '../../stack/src/settings.ts';
import { installCommand } from '../support/add-machine.ts';
import { launchBrowser } from '../support/browser.ts';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, Rest } from '../support/rest.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { TerminalPage } from '../support/terminal-page.ts';
import { BareMachine, type BareMachineOptions } from './bare-machine.ts';
import { projectFolder } from './compose.ts';
import { docker } from './docker.ts';

// The install command of the page on real machines, each with a network of its own, up to a shell in the browser. The server has an IP
// address and a certificate of its private CA: npm run test:containers -- install

let stack: TestStack;
let browser: Browser;
let owner: TerminalPage;
let rest: Rest;
let release: Manifest;
const publicCas = getCACertificates('default');
const transcript: string[] = [];

const image = {
  debian11: 'debian:bullseye-slim',
  debian12: 'debian:bookworm-slim',
  debian13: 'debian:trixie-slim',
  debian12Arm64: 'arm64v8/debian:bookworm-slim',
};
const withSystemd = ['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd', 'sudo'];
const systemd = {
  packages: withSystemd,
  rights: ['--privileged', '--cgroupns', 'private', '--tmpfs', '/run', '--tmpfs', '/tmp'],
  program: ['/sbin/init'],
};
type Target = BareMachineOptions & { readonly user: string };
const targets: readonly Target[] = [
  { name: 'debian-12', base: image.debian12, user: 'root' },
  { name: 'debian-11', base: image.debian11, user: 'root' },
  { name: 'debian-13', base: image.debian13, user: 'root' },
  { name: 'without-root', base: image.debian12, user: 'ubuntu' },
  { name: 'without-init', base: image.debian12, user: 'root', rights: [] },
  { name: 'with-systemd', base: image.debian12, user: 'ubuntu', ...systemd },
  { name: 'arm64', base: image.debian12Arm64, user: 'root', platform: 'linux/arm64' },
];

const seed: BareMachineOptions = { name: 'seed', base: image.debian12, ...systemd };
const withoutPtmx: BareMachineOptions = { name: 'no-ptmx', base: image.debian12 };
const withRights = (name: string, ...rights: string[]): BareMachineOptions => ({
  name,
  base: image.debian12,
  rights: ['--init', ...rights],
});
const unfit = [
  {
    options: withRights('no-programs', '--tmpfs', '/opt:rw,noexec,size=400m'),
    why: 'its file system is mounted noexec',
  },
  {
    options: withRights('full', '--tmpfs', '/opt:rw,exec,size=50m'),
    why: 'there is too little space below /opt/vsay-agent',
  },
  {
    options: withRights('read-only', '--read-only', '--tmpfs', '/tmp'),
    why: '/opt/vsay-agent/versions cannot be made',
  },
];

/** Why a container of the image cannot run here. Undefined: it can. */
const whyNot = async ({ base, platform }: BareMachineOptions): Promise<string | undefined> => {
  const where = platform === undefined ? [] : ['--platform', platform];
  return docker('run', '--rm', '--network', 'none', ...where, base, 'true').then(
    () => undefined,
    (error: unknown) =>
      String(error)
        .split('\n')
        .find((line) => /^docker: |exec/.test(line)) ?? String(error),
  );
};

/** The machines by name; a text says why one cannot run here. */
const machines = new Map<string, BareMachine | string>();

/** Starts them before the browser: Chromium ends its requests when a network interface comes or goes. */
const startMachines = async (): Promise<void> => {
  for (const options of [...targets, seed, withoutPtmx, ...unfit.map(({ options }) => options)])
    machines.set(options.name, (await whyNot(options)) ?? (await BareMachine.start(options)));
  for (const machine of machines.values())
    if (machine instanceof BareMachine)
      await machine.sh(
        '[ ! -d /run/systemd ] || until systemctl is-system-running --wait | grep -qE "running|degraded"; do sleep 0.2; done',
      );
};

const machineNamed = ({ name }: BareMachineOptions): BareMachine => {
  const machine = machines.get(name);
  if (machine instanceof BareMachine) return machine;
  throw new Error(`${name} does not run: ${machine}`);
};

beforeAll(async () => {
  const host = await docker('network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}');
  await startMachines();
  [stack, browser] = await Promise.all([
    startTestStack({ agent: false, tls: true, host: host.trim() }),
    launchBrowser(),
  ]);
  setDefaultCACertificates([...publicCas, stack.ca ?? '']);
  rest = new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token);
  const folder = releaseFolder(stack.dataDir);
  const key = keepReleaseKey(join(stack.dataDir, 'release-key', 'release-key.pem'));
  const built = join(projectFolder, 'clients/agent/dist');
  const bundle = await bundleAgent(projectFolder);
  const options = { root: projectFolder, bundle, folder: built, environment: ownEnvironment() };
  const packages = [];
  for (const platform of platforms) packages.push(await buildPackage(platform, options));
  publishInstaller(
    folder,
    readFileSync(join(projectFolder, 'stack/src/agent-package/install.sh'), 'utf8'),
    stack.url,
    key,
  );
  release = publishRelease({ folder, key, built, packages, now: Date.now() });
  owner = await TerminalPage.open(browser, {}, { ignoreHTTPSErrors: true });
  await owner.signIn(stack.url, stack.admin);
  await owner.page.getByText(/no machines yet/i).waitFor();
}, 1_200_000);

afterAll(async () => {
  await owner?.close();
  await browser?.close();
  for (const machine of machines.values()) if (machine instanceof BareMachine) await machine.remove();
  setDefaultCACertificates(publicCas);
  await stack?.stop();
  if (transcript.length === 0) return;
  const head = [
    'machine',
    'online',
    'shell in the browser',
    'download',
    'disk',
    'agent idle',
    'of its own',
    'each shell',
  ];
  for (const line of [head.join(' | '), head.map(() => '---').join(' | '), ...transcript])
    process.stdout.write(`| ${line} |\n`);
}, 120_000);

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** The machine of the list with this name, once it is online. */
const onlineAs = (name: string) =>
  eventually(`${name} is online`, async () =>
    (await rest.machines()).find((machine) => machine.name === name && machine.status === 'online'),
  );

const shellsOfMeasure = 8;
/** An idle agent gives memory back after 5 s. */
const idleAfterMs = 10_000;

interface AgentStatus {
  readonly pid: number;
  readonly agent_id: string;
}

/** Budgets of an idle agent, in bytes: ADR 45. */
const idleBudget = { own: 32e6, resident: 90e6 };

/** Memory of the agent that is idle after a shell, resident and its own, and what it has more for each shell. */
const measure = async (machine: BareMachine, user: string) => {
  const { pid, agent_id }: AgentStatus = JSON.parse(
    await machine.sh('PATH=$PATH:~/.local/bin vsay-agent status --json', user),
  );
  await passed(idleAfterMs);
  const idle = await machine.memoryOf(pid);
  const shells: RawTerminal[] = [];
  for (let count = 0; count < shellsOfMeasure; count += 1) {
    const shell = await RawTerminal.open(stack.url, agent_id, { token: rest.token ?? '' });
    await shell.type('echo $((6*7))\n');
    await shell.untilText('42');
    shells.push(shell);
  }
  const { resident } = await machine.memoryOf(pid);
  const eachShell = (resident - idle.resident) / shellsOfMeasure;
  for (const shell of shells) await shell.type('exit\n');
  await Promise.all(shells.map(({ closed }) => closed));
  return { idle, eachShell };
};

describe('the install command of the page', () => {
  it.for(targets)(
    'leads to a shell in the browser on $name, and is undone without a trace',
    { timeout: 600_000 },
    async (target, { skip }) => {
      const { name, user, packages } = target;
      const machine = machines.get(name);
      if (!(machine instanceof BareMachine)) return skip(`no container of ${target.base} runs here: ${machine}`);
      const command = await installCommand(owner.page, stack.url, name);
      await machine.sh('find / -xdev | sort >/var/before');
      const startedAt = performance.now();
      // A minimal system has no sudo: its root leaves it out, as does a user without rights.
      const pasted = packages === undefined ? command.replace('| sudo sh', '| sh') : command;
      const said = await machine.sh(`${pasted} --wait 120 2>&1`, user);
      const online = performance.now() - startedAt;
      expect(said).toMatch(/Online after \d+ s/);
      await owner.page.getByText(`${name} is connected`).waitFor();
      await owner.page.getByRole('link', { name: `Open a terminal on ${name}` }).click();
      await owner.until(/[$#%>]\s*$/m);
      await owner.focus();
      await owner.run('echo "$(id -un) on $(hostname), $(uname -m)"');
      await owner.until(new RegExp(`${user} on ${name}, `));
      const shell = performance.now() - startedAt;
      await owner.run('exit');
      await owner.page
        .getByText(/ended|exited|closed/i)
        .first()
        .waitFor();
      const asRoot = user === 'root' || packages !== undefined;
      const folder = asRoot ? '/opt/vsay-agent' : '/home/ubuntu/.local/share/vsay-agent';
      const disk = await machine.sizeOf(folder);
      const rights = packages === undefined ? user : 'root';
      const { idle, eachShell } = await measure(machine, rights);
      const platform = target.platform === 'linux/arm64' ? 'linux-arm64' : `linux-${process.arch}`;
      const download = release.files.find((file) => file.platform === platform)?.size ?? 0;
      const sizes = [download, disk, idle.resident, idle.own, eachShell];
      const figures = [online, shell].map(seconds).concat(sizes.map(megabytes));
      transcript.push([name, ...figures].join(' | '));
      expect(idle.own).toBeLessThan(idleBudget.own);
      expect(idle.resident).toBeLessThan(idleBudget.resident);
      const undone = await machine.sh('PATH=$PATH:~/.local/bin vsay-agent uninstall --yes 2>&1', rights);
      expect(undone).toContain('The machine is removed from the list.');
      const left = await machine.sh('find / -xdev | sort >/var/after; diff /var/before /var/after || true');
      expect(left.split('\n').filter((line) => /vsay/.test(line))).toEqual([]);
    },
  );
});

describe('a machine that has the program', () => {
  it('is configured and online by: sudo vsay-agent configure --token KEY --host URL --linux-user ubuntu', async () => {
    const machine = machineNamed(seed);
    const command = await installCommand(owner.page, stack.url, 'before');
    await machine.sh(`${command} --wait 120 2>&1`, 'ubuntu');
    await machine.sh('systemctl disable --now vsay-agent 2>&1; rm -r /etc/vsay');
    // As with a certificate of a public CA: the line names no fingerprint.
    await machine.sh(
      `cat >/usr/local/share/ca-certificates/webxterm.crt <<'END'\n${stack.ca}\nEND\nupdate-ca-certificates 2>&1`,
    );
    const key = (await rest.login(stack.admin)).user.api_key;
    const said = await machine.sh(
      `sudo vsay-agent configure --token ${key} --host ${stack.url} --linux-user ubuntu 2>&1`,
      'ubuntu',
    );
    expect(said).toMatch(/Registered as seed \(ag_\w+\) of admin/);
    const { agent_id } = await onlineAs('seed');
    expect(await machine.sh('systemctl is-active vsay-agent; systemctl is-enabled vsay-agent')).toBe(
      'active\nenabled\n',
    );
    const shell = await RawTerminal.open(stack.url, agent_id, { token: rest.token ?? '' });
    await shell.type('echo "$(id -un) on $(hostname)"\n');
    await shell.untilText('ubuntu on seed');
    shell.close();
  }, 600_000);
});

describe('a machine without /dev/ptmx', () => {
  it('says in words, to the user who opens a terminal, that it can open none, and doctor says what to do', async () => {
    const machine = machineNamed(withoutPtmx);
    const command = await installCommand(owner.page, stack.url, 'no-ptmx');
    await machine.sh('rm /dev/ptmx');
    await machine.sh(`${command.replace('| sudo sh', '| sh')} --wait 120 2>&1`);
    await owner.page.getByText('no-ptmx is connected').waitFor();
    await owner.page.getByRole('link', { name: 'Open a terminal on no-ptmx' }).click();
    await owner.page
      .getByText(
        /no terminal can be opened \(ENOENT: .*\/dev\/ptmx.*"vsay-agent doctor" on the machine says what to do/,
      )
      .first()
      .waitFor();
    const doctor = await machine.sh('vsay-agent doctor || true');
    expect(doctor).toMatch(/FAILURE.*Terminals?.*ENOENT[\s\S]*ln -sf pts\/ptmx \/dev\/ptmx/);
    // A command needs none.
    const { agent_id } = await onlineAs('no-ptmx');
    const { status, body } = await rest.post(`/api/machines/${agent_id}/command`, { command: 'echo $((6*7))' });
    expect([status, body]).toEqual([200, expect.objectContaining({ stdout: '42\n' })]);
  }, 300_000);
});

describe('a machine on which the agent cannot be installed', () => {
  it.each(unfit)(
    'says why, and what to do: $options.name',
    async ({ options, why }) => {
      const machine = machineNamed(options);
      const command = await installCommand(owner.page, stack.url, options.name);
      const said = await machine.sh(`${command.replace('| sudo sh', '| sh')} 2>&1 || echo "ended with $?"`);
      expect(said).toContain(why);
      expect(said).toMatch(/What to do: \S.*[\s\S]*Nothing on this machine was changed\.\nended with 1\n$/);
      await owner.page
        .getByRole('alert', { name: 'The installation failed' })
        .getByText(/What to do:/)
        .waitFor();
      expect(await machine.sh('ls /opt')).toBe('');
    },
    300_000,
  );
});
