import { randomBytes } from 'node:crypto';
import { commandLimits } from '@webxterm/contracts/command-limits';
import type { CommandOutput } from '@webxterm/contracts/grpc';
import type { CommandResult } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { AppError, Places } from '@webxterm/shared';
import { readSignal } from '../agent-links/agent-claims.ts';
import { askForWork } from '../agent-links/agent-work.ts';
import type { Link } from '../agent-links/link.ts';

/** The link of the machine that runs a command. */
type CommandLink = Pick<Link, 'send' | 'onClose'>;

/** Limit of stdout and stderr together. Each may use half of it. */
const maxOutputBytes = 256 * 1024;
/** Added to the time-out of a command: the agent kills a command 2 s after its time-out, and then answers. */
const answerAfterMs = 4000;
const limits = {
  each: {
    most: commandLimits.ofUserAtHub,
    code: 'too_many_commands',
    message: `${commandLimits.ofUserAtHub} of your commands are running. Try again when one has finished.`,
  },
  all: { most: commandLimits.atHub, message: 'Too many commands are running right now. Try again shortly.' },
} as const;

/** Codes of an agent that the caller gets. All others are `command_not_run`. */
const agentCodes = ['too_many_commands', 'linux_user_refused'] as const;

export interface CommandLine {
  readonly command: string;
  readonly timeoutSeconds: number;
  readonly linuxUser: string;
  readonly requestId: string;
}

interface Running {
  readonly link: CommandLink;
  readonly settle: (output: CommandOutput | undefined) => void;
}

/** Runs command lines on machines that are linked to this hub. */
export class Commands {
  readonly #running = new Map<string, Running>();
  readonly #places = new Places(limits);

  /**
   * Runs a command line for a user.
   * @throws AppError machine_offline if the link closed or the agent did not answer; command_not_run, too_many_commands or
   * linux_user_refused with the reason of the agent; too_many_requests
   */
  async run(
    link: CommandLink,
    userId: string,
    { command, timeoutSeconds, linuxUser, requestId }: CommandLine,
  ): Promise<CommandResult> {
    const leave = this.#places.take(userId);
    const commandId = randomBytes(16).toString('base64url');
    const timeoutMs = timeoutSeconds * 1000;
    const startedAt = performance.now();
    const answered = this.#expect(commandId, { link, leave }, timeoutMs + answerAfterMs);
    const traceparent = askForWork(link, 'run command');
    const value = { commandId, command, timeoutMs, maxOutputBytes, userId, linuxUser, kept: undefined, requestId };
    link.send({ $case: 'command', value: { ...value, traceparent } });
    const output = await answered;
    if (output === undefined)
      throw new AppError('machine_offline', 'The machine went offline or did not answer. The command may have run.');
    if (output.error !== '') {
      const code = agentCodes.find((known) => known === output.errorCode) ?? 'command_not_run';
      throw new AppError(code, plainText(output.error, 300));
    }
    return resultOf(output, linuxUser, Math.round(performance.now() - startedAt));
  }

  /**
   * Takes the answer of an agent. An answer on any other link than that of the command is ignored.
   * @returns false if no command here has this id
   */
  receive(link: CommandLink, output: CommandOutput): boolean {
    const running = this.#running.get(output.commandId);
    if (running?.link === link) running.settle(output);
    return running !== undefined;
  }

  #expect(
    commandId: string,
    { link, leave }: { readonly link: CommandLink; readonly leave: () => void },
    withinMs: number,
  ): Promise<CommandOutput | undefined> {
    return new Promise((resolve) => {
      const settle = (output: CommandOutput | undefined): void => {
        clearTimeout(timer);
        forget();
        if (this.#running.delete(commandId)) leave();
        resolve(output);
      };
      const timer = setTimeout(() => settle(undefined), withinMs);
      const forget = link.onClose(() => settle(undefined));
      this.#running.set(commandId, { link, settle });
    });
  }
}

const resultOf = (output: CommandOutput, linux_user: string, duration_ms: number): CommandResult => ({
  command_id: output.commandId,
  // A command that timed out has no exit code of its own. The shell may report one for the signal, which is ignored.
  exit_code: output.signal === '' && !output.timedOut ? output.exitCode : null,
  signal: readSignal(output.signal),
  stdout: text(output.stdout),
  stderr: text(output.stderr),
  timed_out: output.timedOut,
  truncated: output.truncated,
  duration_ms,
  linux_user,
});

const text = (bytes: Buffer): string => bytes.subarray(0, maxOutputBytes / 2).toString('utf8');
