import type { Command } from 'commander';

/** The options of every command that calls a server and prints what it answers. */
export interface ServerOptions {
  readonly profile?: string;
  readonly json?: boolean;
}

/** A command that shows a terminal of the server of a profile. */
export const terminalCommand = (parent: Command, name: string, description: string): Command =>
  parent
    .command(name)
    .description(description)
    .option('--profile <name>', 'the server to use (default: that of the last vsay login or vsay use)');

/** A command that calls the server of a profile, and prints what it answers. */
export const serverCommand = (parent: Command, name: string, description: string): Command =>
  terminalCommand(parent, name, description).option('--json', 'print JSON');

/** Also for a command that runs as a Linux user of the machine. */
export const withLinuxUser = (command: Command): Command =>
  command.option('-l, --linux-user <name>', 'the Linux user (default: the first that you may use on the machine)');
