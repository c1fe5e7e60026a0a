import type { AgentMessage, Command, CommandOutput } from '@webxterm/contracts/grpc';
import type { Logger } from 'pino';
import { describeError } from '../failure.ts';
import type { Commands } from './commands.ts';
import { emptyOutput } from './running-command.ts';
import type { StartedIds } from './started-ids.ts';

/** Results that the hub has not stored. Beyond it the oldest is dropped, and the hub learns that it is lost. */
const maxResults = 128;

type Send = (message: NonNullable<AgentMessage['message']>) => void;

export type KeptCommandsOptions = {
  commands: Pick<Commands, 'run' | 'cancel' | 'endOwned'>;
  ids: Pick<StartedIds, 'has' | 'add'>;
  log: Logger;
};

/** A kept command from its arrival on. Without `output` it has not ended. */
type Kept = {
  /** Empty: of a command that only its cancel named. */
  readonly userId: string;
  running: boolean;
  cancelled: boolean;
  output: CommandOutput | undefined;
};

const lost = 'The agent was restarted after it had accepted the command. The command may have run.';

/**
 * The commands of runs. Each starts at most once, by its id, whatever hub asks for it and how often. Its result stays here until a hub has
 * stored it, so a hub or a link that is lost meanwhile costs nothing.
 */
export class KeptCommands {
  readonly #options: KeptCommandsOptions;
  readonly #kept = new Map<string, Kept>();
  #send: Send = () => undefined;

  constructor(options: KeptCommandsOptions) {
    this.#options = options;
  }

  /** Whether no command runs, and no result waits for the hub. */
  get isIdle(): boolean {
    return this.#kept.size === 0;
  }

  /** From now on reports go to this hub, which gets the state of every kept command. @param send undefined: there is no link to a hub */
  follow(send: Send | undefined): void {
    this.#send = send ?? ((): void => undefined);
    for (const [commandId, kept] of this.#kept) this.#report(commandId, kept);
  }

  /** Starts the command, or reports on it if it has arrived before. Never throws. */
  order(command: Command): void {
    const { commandId, userId } = command;
    const kept = this.#kept.get(commandId);
    if (kept !== undefined) return void this.#report(commandId, kept);
    this.#kept.set(commandId, { userId, running: false, cancelled: false, output: undefined });
    void this.#begin(command).then((output) => this.#ended(commandId, output));
  }

  /** Ends the command. One that has not arrived is never started. Never throws. */
  cancel(commandId: string): void {
    const kept = this.#kept.get(commandId);
    if (kept?.output !== undefined) return void this.#report(commandId, kept);
    if (kept !== undefined) {
      kept.cancelled = true;
      return void this.#options.commands.cancel(commandId);
    }
    this.#kept.set(commandId, { userId: '', running: false, cancelled: false, output: undefined });
    void this.#refuse(commandId).then((output) => this.#ended(commandId, output));
  }

  /** Ends all commands of a user, also those whose id is being written. */
  endOwned(userId: string): Promise<void> {
    for (const kept of this.#kept.values()) if (kept.userId === userId) kept.cancelled = true;
    return this.#options.commands.endOwned(userId);
  }

  /** The hub needs the result no longer. */
  stored(commandId: string): void {
    if (this.#kept.get(commandId)?.output !== undefined) this.#kept.delete(commandId);
  }

  async #begin(command: Command): Promise<CommandOutput> {
    const { commands, ids, log } = this.#options;
    const { commandId } = command;
    try {
      if (command.kept?.knownStarted === true || (await ids.has(commandId)))
        return failed(commandId, 'command_lost', lost);
      await ids.add(commandId);
    } catch (error) {
      log.warn({ err: error }, 'a command of a run is refused: its id cannot be kept');
      const why = `The id of the command cannot be kept on this machine: ${describeError(error)}`;
      return failed(commandId, 'command_not_run', why);
    }
    // Cancelled while its id was written: `commands` does not know it yet.
    if (this.#kept.get(commandId)?.cancelled === true) return refused(commandId);
    return commands.run(command, () => {
      const kept = this.#kept.get(commandId);
      if (kept === undefined) return;
      kept.running = true;
      this.#report(commandId, kept);
    });
  }

  /** The answer to the cancel of a command that has not arrived on this agent process. */
  async #refuse(commandId: string): Promise<CommandOutput> {
    const { ids, log } = this.#options;
    try {
      if (await ids.has(commandId)) return failed(commandId, 'command_lost', lost);
      await ids.add(commandId);
    } catch (error) {
      log.warn({ err: error }, 'the cancel of a command is kept in memory only');
    }
    return refused(commandId);
  }

  #ended(commandId: string, output: CommandOutput): void {
    const { userId = '' } = this.#kept.get(commandId) ?? {};
    const kept: Kept = { userId, running: false, cancelled: false, output };
    this.#kept.set(commandId, kept);
    this.#report(commandId, kept);
    const results = [...this.#kept].filter(([, each]) => each.output !== undefined);
    const [oldest] = results;
    if (results.length > maxResults && oldest !== undefined) this.#kept.delete(oldest[0]);
  }

  #report(commandId: string, { running, output }: Kept): void {
    if (output !== undefined) this.#send({ $case: 'commandOutput', value: output });
    else if (running) this.#send({ $case: 'commandStarted', value: { commandId } });
  }
}

const refused = (commandId: string): CommandOutput => ({
  ...failed(commandId, 'command_cancelled', 'The command was cancelled before it started.'),
  cancelled: true,
});

const failed = (commandId: string, errorCode: string, error: string): CommandOutput => ({
  ...emptyOutput(commandId),
  error,
  errorCode,
});
