import { randomBytes } from 'node:crypto';
import { commandLimits } from '@webxterm/contracts/command-limits';
import type { Command, CommandOutput } from '@webxterm/contracts/grpc';
import type { Logger } from 'pino';
import { describeError } from '../failure.ts';
import type { Guard } from '../guard/guard.ts';
import type { LinuxUser } from '../shell/linux-user.ts';
import { LinuxUserRefused } from '../shell/linux-users.ts';
import { prepareProgram, type ShellAccount } from '../shell/login-shell.ts';
import { openOutputPipes } from './output-pipes.ts';
import { emptyOutput, RunningCommand } from './running-command.ts';
import { variablesOf } from './variables.ts';

export type CommandsOptions = {
  account: ShellAccount;
  /** Identifies this machine's agent in the environment of its commands. It is the same after a restart. */
  agentTag: string;
  guard: Guard;
  log: Logger;
};

/** The slot of one command, reserved from its request on. */
type Place = { commandId: string; userId: string; running: RunningCommand | undefined; ended: boolean };

/** The commands that run on this machine. They outlive a link, but end with their time limit, their user's access, or the agent. */
export class Commands {
  readonly #options: CommandsOptions;
  readonly #places = new Set<Place>();
  #stopped = false;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** Whether no process of any command is left. */
  get isIdle(): boolean {
    return this.#places.size === 0;
  }

  /**
   * Runs a command line in the shell of a Linux user, without a terminal. Never rejects: failures are in `error`. `onStarted` is called when
   * its process runs.
   */
  async run(command: Command, onStarted = (): void => undefined): Promise<CommandOutput> {
    const refused = (errorCode: string, error: string): CommandOutput => ({
      ...emptyOutput(command.commandId),
      error,
      errorCode,
    });
    if (this.#stopped) return refused('command_not_run', 'The agent is stopping.');
    const full = this.#full(command.userId);
    if (full !== undefined) return refused('too_many_commands', full);
    const place: Place = { commandId: command.commandId, userId: command.userId, running: undefined, ended: false };
    this.#places.add(place);
    try {
      const running = await this.#start(command, place);
      if (running === undefined)
        return {
          ...refused('command_not_run', 'Your right to run commands on this machine has ended.'),
          cancelled: true,
        };
      onStarted();
      return await running.answer;
    } catch (error) {
      this.#places.delete(place);
      return refused(
        error instanceof LinuxUserRefused ? 'linux_user_refused' : 'command_not_run',
        describeError(error),
      );
    }
  }

  /** Ends all commands of a user. */
  async endOwned(userId: string): Promise<void> {
    await this.#endAll([...this.#places].filter((place) => place.userId === userId));
  }

  /** Ends one command. */
  cancel(commandId: string): void {
    void this.#endAll([...this.#places].filter((place) => place.commandId === commandId));
  }

  /** Ends all commands, because the agent stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#endAll([...this.#places]);
  }

  async #start(command: Command, place: Place): Promise<RunningCommand | undefined> {
    const { account, agentTag, guard } = this.#options;
    const marker = `${agentTag}-${randomBytes(9).toString('hex')}`;
    const purpose = {
      kind: 'command',
      line: command.command,
      arguments: command.kept?.arguments ?? [],
      environment: (of: LinuxUser) => variablesOf(command, of),
      marker,
    } as const;
    const { launch, user } = await prepareProgram(purpose, account, command.linuxUser);
    const environment = variablesOf(command, user);
    const pipes = await openOutputPipes(user.uid);
    if (place.ended) {
      this.#places.delete(place);
      pipes?.close();
      return undefined;
    }
    const { commandId, userId, requestId } = command;
    this.#options.log.info(
      { command: commandId, user: userId, linux_user: user.name, request_id: requestId },
      'a command was started',
    );
    const running = new RunningCommand(command, { launch, pipes, marker, guard, environment });
    place.running = running;
    void running.gone.then(() => this.#places.delete(place));
    return running;
  }

  async #endAll(places: readonly Place[]): Promise<void> {
    if (places.length > 0) this.#options.log.info({ commands: places.length }, 'ending commands');
    for (const place of places) place.ended = true;
    await Promise.all(places.map(({ running }) => running?.cancel()));
  }

  #full(userId: string): string | undefined {
    const own = [...this.#places].filter((place) => place.userId === userId).length;
    const { ofUserOnMachine, onMachine } = commandLimits;
    if (own >= ofUserOnMachine)
      return `You already run ${ofUserOnMachine} commands on this machine. Try again when one is done.`;
    if (this.#places.size >= onMachine) return `This machine already runs ${onMachine} commands. Try again later.`;
    return undefined;
  }
}
