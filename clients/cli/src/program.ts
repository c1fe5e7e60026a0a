import { Command } from 'commander';
import { serverCommand, terminalCommand, withLinuxUser } from './commands/options.ts';
import { cliVersion } from './version.ts';

// Each command loads its modules when it runs, so that the others start sooner.

const description = `Terminals, commands and files of your machines in WebXTerm.

vsay login https://term.example.org
vsay ls
vsay connect web-1
vsay exec web-1 -- uname -a`;

const exitCodes = `
Exit codes: exec, connect and attach pass on those of the remote side. run: 0 if each machine succeeded, else 1.
  Own failures:
  250 wrong usage, 251 not found, 252 refused, 253 not logged in, 254 not reachable, 255 any other

Environment: VSAY_TOKEN, VSAY_HOST, VSAY_PROFILE, VSAY_CONFIG, XDG_CONFIG_HOME, HTTPS_PROXY, HTTP_PROXY, NO_PROXY,
  NODE_EXTRA_CA_CERTS
`;

/** The command line. `ended` receives the exit code of a command that has one of its own. */
export const buildProgram = (ended: (code: number) => void): Command => {
  const program = new Command('vsay')
    .description(description)
    .version(cliVersion, '-V, --version')
    .showHelpAfterError('(--help shows the options)')
    .enablePositionalOptions()
    .addHelpText('after', exitCodes)
    .exitOverride();
  addAccount(program);
  addMachines(program);
  addMachineChanges(program);
  addTerminals(program, ended);
  addForward(program, ended);
  addFiles(program);
  addSsh(program, ended);
  return program;
};

const addAccount = (program: Command): void => {
  serverCommand(program, 'login', 'Log in to a server, and use it from now on.')
    .argument('[host]', 'the address of the server, such as https://term.example.org')
    .option('--no-browser', 'show a code, which you type into the page in another browser')
    .option(
      '--scope <scope...>',
      'what the token allows (default: see, open, command, files_read, files_write, forward, account:read)',
    )
    .option(
      '--token',
      'read an access token from stdin, in place of the browser (default: VSAY_TOKEN of the environment)',
    )
    .option('--ca <file>', 'trust this private CA of the server (PEM)')
    .option('--ca-fingerprint <sha256:…>', 'trust the private CA that the server names, if it has this fingerprint')
    .action(async (host, options) => (await import('./commands/login.ts')).login(host, options));
  serverCommand(program, 'logout', 'Log out of a server.').action(async (options) =>
    (await import('./commands/account.ts')).logout(options),
  );
  serverCommand(program, 'whoami', 'Show the user and the server.').action(async (options) =>
    (await import('./commands/account.ts')).whoami(options),
  );
  program
    .command('profiles')
    .description('List the servers that you are logged in to.')
    .option('--json', 'print JSON')
    .action(async (options) => (await import('./commands/account.ts')).profiles(options));
  program
    .command('use')
    .description('Use another profile from now on.')
    .argument('<profile>')
    .action(async (name) => (await import('./commands/account.ts')).use(name));
};

const addMachines = (program: Command): void => {
  serverCommand(program, 'ls', 'List your machines.')
    .argument('[search]', 'a part of the name, the description or a tag')
    .option('--tag <tag>', 'only machines with this tag')
    .option('--status <status>', 'only online, offline or pending ones')
    .action(async (search, options) => (await import('./commands/machines.ts')).list(search, options));
  serverCommand(program, 'open', 'Open a machine, or the list, in the browser.')
    .argument('[machine]', 'its name or id')
    .action(async (machine, options) => (await import('./commands/open-page.ts')).openPage(machine, options));
};

const addMachineChanges = (program: Command): void => {
  const machines = program.command('machines').description('Add, change and remove machines.');
  const changes = () => import('./commands/machine-changes.ts');
  serverCommand(machines, 'add', 'Add a machine, and print the command that connects its agent.')
    .argument('<name>', 'the name in the list')
    .option('--description <text>', 'a description')
    .option('--tag <tag...>', 'tags')
    .action(async (name, options) => (await changes()).add(name, options));
  serverCommand(machines, 'rename', 'Rename a machine.')
    .argument('<machine>', 'its name or id')
    .argument('<name>', 'its new name')
    .action(async (machine, name, options) => (await changes()).rename(machine, name, options));
  serverCommand(machines, 'tag', 'Add tags to a machine, or remove them.')
    .argument('<machine>', 'its name or id')
    .argument('<tag...>', 'the tags')
    .option('--remove', 'remove them')
    .action(async (machine, tags, options) => (await changes()).tag(machine, tags, options));
  serverCommand(machines, 'rm', 'Remove a machine for all its users.')
    .argument('<machine>', 'its name or id')
    .option('--yes', 'confirm the removal')
    .action(async (machine, options) => (await changes()).remove(machine, options));
  serverCommand(program, 'audit', 'Show the audit log, for administrators.')
    .option('--machine <machine>', 'only rows about this machine')
    .option('--action <action>', 'only rows of this action')
    .option('--limit <rows>', 'how many rows, from the latest on', '50')
    .action(async (options) => (await import('./commands/audit.ts')).audit(options));
};

const addTerminals = (program: Command, ended: (code: number) => void): void => {
  withLinuxUser(serverCommand(program, 'exec', 'Run a command on a machine, without a terminal.'))
    .argument('<machine>', 'its name or id')
    .argument('<command...>', 'a program and its arguments, or one line for the shell')
    .option('--timeout <seconds>', 'end the command after this time, at most 50 (default: 30)')
    .option('-i, --stdin', 'pass stdin on, without limits of time and output')
    .passThroughOptions()
    .action(async (machine, words, options) =>
      ended(await (await import('./commands/exec.ts')).exec(machine, words, options)),
    );
  addRun(program, ended);
  withEscape(withLinuxUser(terminalCommand(program, 'connect', 'Open a terminal on a machine.')))
    .argument('<machine>', 'its name or id')
    .action(async (machine, options) =>
      ended(await (await import('./commands/terminals.ts')).connect(machine, options)),
    );
  withEscape(terminalCommand(program, 'attach', 'Go back to one of your sessions.'))
    .argument('<session>', 'the beginning of its id')
    .action(async (session, options) =>
      ended(await (await import('./commands/terminals.ts')).attach(session, options)),
    );
  serverCommand(program, 'sessions', 'List your sessions.').action(async (options) =>
    (await import('./commands/terminals.ts')).sessions(options),
  );
  serverCommand(program, 'end', 'End one of your sessions.')
    .argument('<session>', 'the beginning of its id')
    .action(async (session, options) => (await import('./commands/terminals.ts')).end(session, options));
};

/** An option that may be repeated. */
const several = (text: string, before: readonly string[] = []): string[] => [...before, text];

const addRun = (program: Command, ended: (code: number) => void): void => {
  withLinuxUser(serverCommand(program, 'run', 'Run a command on many machines, and group equal outputs.'))
    .argument('<command...>', 'a program and its arguments, or one line for the shell')
    .option('-m, --machine <machine>', 'on this machine, by its name or id; repeatable', several)
    .option('--tag <tag>', 'on the machines with this tag')
    .option('--search <text>', 'on the machines with this text in their name, description or a tag')
    .option('--failed-of <run>', 'on the machines on which this earlier run has failed')
    .option('--env <name=value>', 'an environment variable of the command; repeatable', several)
    .option('--timeout <seconds>', 'end the command on a machine after this time, at most 3600 (default: 60)')
    .option('--concurrency <n>', 'machines at the same time, as a number or as a share: 10% (default: 50)')
    .option('--stop-after <failures>', 'begin on no further machine after so many failures')
    .option('--wait <hours>', 'wait so long for machines that are offline, at most 168 (default: skip them)')
    .option('--detach', 'print the id of the run, and do not wait for it')
    .passThroughOptions()
    .addHelpText('after', '\nvsay run --tag web --concurrency 10% --stop-after 3 -- systemctl restart nginx\n')
    .action(async (words, options) => ended(await (await import('./commands/run.ts')).run(words, options)));
};

const addForward = (program: Command, ended: (code: number) => void): void => {
  serverCommand(program, 'forward', 'Connect through a machine to what it reaches.')
    .argument('<machine>', 'its name or id')
    .option('-L, --local <port:host:port>', 'listen here, and connect from the machine; repeatable', several)
    .option('-D, --dynamic <port>', 'listen here as a SOCKS 5 proxy; repeatable', several)
    .option('-W, --stdio <host:port>', 'one connection on stdin and stdout, as a ProxyCommand of ssh needs')
    .addHelpText('after', '\nvsay forward db-1 -L 5432:localhost:5432\n')
    .action(async (machine, options) => ended(await (await import('./commands/forward.ts')).forward(machine, options)));
};

const addFiles = (program: Command): void => {
  withLinuxUser(serverCommand(program, 'cp', 'Copy files to a machine, or from machines.'))
    .argument('<places...>', 'the files, and where to: PATH or MACHINE:PATH')
    .option('-r, --recursive', 'copy folders with everything in them')
    .option('-n, --no-clobber', 'replace no file: end at one that is there already')
    .action(async (places, options) => (await import('./commands/copy.ts')).copy(places, options));
};

const addSsh = (program: Command, ended: (code: number) => void): void => {
  withLinuxUser(terminalCommand(program, 'proxy', 'Connect ssh to a machine: the ProxyCommand that config-ssh writes.'))
    .argument('<machine>', 'its name or id, with .vsay or without')
    .option('--known-hosts <file>', 'keep the host key of the machine in this file')
    .action(async (machine, options) => ended(await (await import('./commands/ssh.ts')).proxy(machine, options)));
  terminalCommand(program, 'config-ssh', 'Let ssh, scp, sftp, rsync and git reach your machines as NAME.vsay.')
    .option('--dry-run', 'show what would change')
    .option('--remove', 'undo it')
    .action(async (options) => (await import('./commands/ssh.ts')).configSsh(options));
};

const withEscape = (command: Command): Command =>
  command
    .option('-e, --escape <character>', 'the escape character, or none', '~')
    .addHelpText('after', '\nAt the start of a line, ~. leaves (the shell keeps running) and ~? shows the escapes.\n');
