#!/usr/bin/env -S node --disable-sigusr1 --max-semi-space-size=1
// A young generation of 1 MB. With the default size, the garbage collector takes most of the time in a flood of output (ADR 15). SIGUSR1
// must not open the debugger: a process that may signal root's agent would get all rights of root.
import { Argument, Command, InvalidArgumentError } from 'commander';
import { defaultConfigPath } from './configuration/agent-config.ts';
import { exitCode, Failure } from './failure.ts';
import { agentVersion } from './version.ts';

// Each command loads its modules when it runs, because loaded modules stay in the agent's memory.

// Also protects an agent that was started without the option in the first line: with a listener, Node does not open the debugger.
process.on('SIGUSR1', () => {});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const program = new Command('vsay-agent')
  .description('Makes this machine reachable through WebXTerm.')
  .version(agentVersion, '-V, --version')
  .showHelpAfterError()
  .addHelpText(
    'after',
    `
Settings are in the configuration file (docs/settings.md, agent.yaml); configure also reads https_proxy, no_proxy and
NODE_EXTRA_CA_CERTS from its environment.

Examples:
  vsay-agent configure --token wxt_rt_… --host https://term.example.org
  vsay-agent start
  vsay-agent status --config ~/.config/vsay/agent.yaml
  vsay-agent doctor
`,
  )
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : exitCode.usage);
  });

const withConfig = (name: string, description: string): Command =>
  program
    .command(name)
    .description(description)
    .option('--config <file>', 'the configuration file', defaultConfigPath());

withConfig('configure', 'Write the configuration, register this machine, and run it as a service (root, systemd).')
  .option(
    '--token <token>',
    'what "Add a machine" shows (wxt_rt_…), or the API key from the Profile page (default: VSAY_TOKEN of the environment)',
  )
  .requiredOption('--host <url>', 'where people open WebXTerm, such as https://term.example.org')
  .option(
    '--linux-user <name>',
    'account that shells run as (default: the user who runs this); may be repeated, the first is the default; "*": any that has a login shell',
    (name, before: readonly string[] = []) => [...before, name],
  )
  .option('--name <name>', 'what people see in the list of machines (default: the host name)')
  .option('--allow-sudo', 'let shells gain rights (sudo)')
  .option('--image', 'for a golden image: enrol at the first boot, with an enrolment token (wxt_et_…)')
  .option('--grpc <host:port>', 'address of the hub, in place of what the host says')
  .option(
    '--proxy <url>',
    'HTTP proxy on the way to the server (default: https_proxy and no_proxy of this environment)',
  )
  .option('--ca-fingerprint <sha256:…>', "fingerprint of the server's private CA, from its operator")
  .action(async ({ config, ...options }) => {
    const { configure } = await import('./cli/configure.ts');
    await configure(config, options, say);
  });

withConfig('install-service', 'Run this agent, which is configured, as a service.').action(async ({ config }) => {
  const { runAsService } = await import('./cli/run-as-service.ts');
  await runAsService(config, say);
});

withConfig('start', 'Connect this machine until stopped.')
  .option('--allow-writable-program', 'as root: also where others can write what is loaded (development)')
  .action(async ({ config, allowWritableProgram }) => {
    const { guardTrial } = await import('./update/trial-guard.ts');
    guardTrial();
    const { start } = await import('./cli/start.ts');
    await start(config, { allowWritableProgram: allowWritableProgram === true }, say);
  });

withConfig('update', 'Install the version that the server has; the running agent changes to it.')
  .option('--rate <kB/s>', 'limit of the download', (text) => {
    const rate = Number(text);
    if (Number.isInteger(rate) && rate >= 16 && rate <= 1_000_000) return rate;
    throw new InvalidArgumentError('It must be 16 to 1000000.');
  })
  .action(async ({ config, rate }) => {
    const { runUpdate } = await import('./cli/update.ts');
    process.exitCode = await runUpdate(config, { kilobytesPerSecond: rate }, say);
  });

program
  .command('self-check', { hidden: true })
  .description('Load all code of the agent, to see whether it runs on this machine.')
  .action(async () => {
    const [{ loadNativePty }] = await Promise.all([import('./shell/native-pty.ts'), import('./cli/start.ts')]);
    loadNativePty();
    say(agentVersion);
  });

program
  .command('count-launch', { hidden: true })
  .description('Count a start of the current version while it is on trial, and roll it back after too many.')
  .action(async () => {
    const [{ countLaunch }, { Installation }, { installedPackage }] = await Promise.all([
      import('./update/trial-guard.ts'),
      import('./update/installation.ts'),
      import('./service/package.ts'),
    ]);
    if (installedPackage !== undefined) countLaunch(new Installation(installedPackage));
  });

program
  .command('hand-over-version', { hidden: true })
  .description('Print the version of the state with which this agent continues the sessions of another version.')
  .action(async () => {
    const [{ handOverVersion }] = await Promise.all([import('./hand-over/state-file.ts'), import('./cli/start.ts')]);
    say(String(handOverVersion));
  });

withConfig('status', 'Say whether the agent runs and is connected.')
  .option('--json', 'as JSON, for programs')
  .addHelpText(
    'after',
    '\nExit code: 0 if the agent is connected to a hub, 1 if not, 2 if the configuration is not valid.',
  )
  .action(async ({ config, json }) => {
    const { printStatus } = await import('./cli/status.ts');
    process.exitCode = await printStatus(config, { json: json === true }, say);
  });

withConfig('doctor', 'Check this machine and its way to the server, and say what to do. Changes nothing.')
  .option('--json', 'as JSON, for programs')
  .addHelpText(
    'after',
    `
Each line is ok, warning (the agent works with a restriction) or FAILURE (with the next step below it).
Checks: configuration, agent, name, TCP, proxy, TLS, clock, hubs, credential, user, terminals, logins (PAM), service,
disk, permissions, version.

Exit code: 0 without a failure, otherwise 1.`,
  )
  .action(async ({ config, json }) => {
    const { doctor } = await import('./cli/doctor.ts');
    process.exitCode = await doctor(config, { json: json === true }, say);
  });

withConfig('logs', 'Show what the service of the agent logged (systemd).')
  .option('-n, --lines <number>', 'how many of the last lines', '100')
  .option('-f, --follow', 'go on with what comes')
  .action(async ({ config, ...options }) => {
    const { logs } = await import('./cli/logs.ts');
    process.exitCode = await logs(config, options);
  });

withConfig('uninstall', 'Remove the agent with all its files, and this machine from the list of machines.')
  .option('-y, --yes', 'do not ask')
  .action(async ({ config, yes }) => {
    const { uninstall } = await import('./cli/uninstall.ts');
    process.exitCode = await uninstall(config, { yes: yes === true }, say);
  });

withConfig('show-config', 'Print the configuration without its secrets.').action(async ({ config }) => {
  const { showConfig } = await import('./cli/show-config.ts');
  say((await showConfig(config)).trimEnd());
});

withConfig('validate', 'Check the configuration file.').action(async ({ config }) => {
  const { readConfig } = await import('./configuration/config-file.ts');
  await readConfig(config);
  say(`${config} is valid.`);
});

program
  .command('shell-integration')
  .description('Print the lines with which a shell marks its commands for the terminal page.')
  .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
  .addHelpText(
    'after',
    `
With them, the terminal page jumps from prompt to prompt, copies the output of a command and marks commands that failed.

  vsay-agent shell-integration bash >>~/.bashrc
  vsay-agent shell-integration zsh >>~/.zshrc
  vsay-agent shell-integration fish >>~/.config/fish/config.fish`,
  )
  .action(async (shell: string) => {
    const { isIntegrated, shellIntegration } = await import('./cli/shell-integration.ts');
    if (isIntegrated(shell)) process.stdout.write(shellIntegration(shell));
  });

program
  .command('version')
  .description('Print the version.')
  .action(() => say(agentVersion));

try {
  await program.parseAsync();
  // Exits even if a half-closed socket or a timer of a killed shell is still open.
  process.exit();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(error.exitCode);
}
