import { type CommandResult, maxCommandSeconds, runCommand } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ask } from '@webxterm/rest-client';
import { exitCode, Failure } from '../failure.ts';
import { print, printJson, say } from '../output/print.ts';
import { findMachine } from '../server/find-machine.ts';
import { openServer } from '../server/server.ts';
import { codeOfSignal } from '../terminal/ending.ts';
import { commandLine } from './command-line.ts';
import type { ServerOptions } from './options.ts';

export interface ExecOptions extends ServerOptions {
  readonly linuxUser?: string;
  readonly timeout?: string;
  readonly stdin?: boolean;
}

/** As of timeout(1). */
const timedOut = 124;

const secondsOf = (text = '30'): number => {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maxCommandSeconds) return seconds;
  throw new Failure(`--timeout is a number of seconds from 1 to ${maxCommandSeconds}.`, exitCode.usage);
};

const codeOf = ({ timed_out, exit_code, signal }: CommandResult): number => {
  if (timed_out) return timedOut;
  if (exit_code !== null) return exit_code;
  return signal === null ? exitCode.failure : codeOfSignal(signal);
};

/** `vsay exec`. @returns the exit code of the command */
export const exec = async (machine: string, given: readonly string[], options: ExecOptions): Promise<number> => {
  // commander leaves the -- before a command in its words.
  const words = given[0] === '--' ? given.slice(1) : given;
  if (words.length === 0) throw new Failure('Name a command: vsay exec MACHINE -- COMMAND', exitCode.usage);
  if (options.stdin === true) return withStdin(machine, words, options);
  const timeout_seconds = secondsOf(options.timeout);
  const server = await openServer(options.profile);
  const { agent_id, name } = await findMachine(server, machine);
  const result = await ask(server.fetcher, runCommand, {
    params: { agent_id },
    body: {
      command: commandLine(words),
      timeout_seconds,
      ...(options.linuxUser !== undefined && { linux_user: options.linuxUser }),
    },
  });
  if (options.json === true) await printJson(result);
  else {
    process.stderr.write(result.stderr);
    await print(result.stdout);
  }
  if (result.truncated)
    say(`vsay: only the first 128 KiB of each output are shown. Redirect the output to a file there.`);
  if (result.timed_out)
    say(
      `vsay: the command was ended on ${plainText(name, 64)} after ${timeout_seconds} s. Use vsay connect for longer ones.`,
    );
  return codeOf(result);
};

const withStdin = async (
  machine: string,
  words: readonly string[],
  { profile, json, timeout, linuxUser }: ExecOptions,
): Promise<number> => {
  if (json === true || timeout !== undefined)
    throw new Failure(
      '--stdin passes bytes on until the command ends: leave out --json and --timeout.',
      exitCode.usage,
    );
  const server = await openServer(profile);
  const found = await findMachine(server, machine);
  const { execWithStdin } = await import('./exec-with-stdin.ts');
  return execWithStdin({ server, machine: found, command: commandLine(words), linuxUser });
};
