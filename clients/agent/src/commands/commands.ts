import { randomBytes } from 'node:crypto';
import type { Command, CommandOutput } from '@webxterm/contracts/grpc';
import type { Logger } from 'pino';
import { describeError } from '../failure.ts';
import type { Guard } from '../guard/guard.ts';
import { prepareProgram, type ShellAccount } from '../shell/login-shell.ts';
import { openOutputPipes } from './output-pipes.ts';
import { emptyOutput, RunningCommand } from './running-command.ts';

/** Commands at once of one user, and of all: a process that a command left behind keeps its place until it is gone. */
export const maxPerUser = 8;
const maxOfAll = 64;

export type CommandsOptions = {
  account: ShellAccount;
  /** Names the machine's agent in the environment of what it runs, over its restarts. */
  agentTag: string;
  guard: Guard;
  log: Logger;
};

/** Of one command, from when it was asked for. */
type Place = { userId: string; running: RunningCommand | undefined; ended: boolean };

/** The commands that run on this machine. They outlive a link, but not their time, their user's right, or the agent. */
export class Commands {
  readonly #options: CommandsOptions;
  readonly #places = new Set<Place>();
  #stopped = false;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** Runs a command line in the Linux user's shell, without a terminal. Never rejects: what goes wrong is in `error`. */
  async run(command: Command): Promise<CommandOutput> {
    const refused = (errorCode: string, error: string): CommandOutput => ({
      ...emptyOutput(command.commandId),
      error,
      errorCode,
    });
    if (this.#stopped) return refused('command_not_run', 'The agent is stopping.');
    const full = this.#full(command.userId);
    if (full !== undefined) return refused('too_many_commands', full);
    const place: Place = { userId: command.userId, running: undefined, ended: false };
    this.#places.add(place);
    try {
      const running = await this.#start(command, place);
      if (running === undefined)
        return refused('command_not_run', 'Your right to run commands on this machine has ended.');
      return await running.answer;
    } catch (error) {
      this.#places.delete(place);
      return refused('command_not_run', describeError(error));
    }
  }

  /** Ends all that runs for a user. */
  async endOwned(userId: string): Promise<void> {
    await this.#endAll([...this.#places].filter((place) => place.userId === userId));
  }

  /** The agent stops: nothing that runs for somebody stays. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#endAll([...this.#places]);
  }

  async #start(command: Command, place: Place): Promise<RunningCommand | undefined> {
    const { account, agentTag, guard } = this.#options;
    const marker = `${agentTag}-${randomBytes(9).toString('hex')}`;
    const { launch, user } = await prepareProgram({ kind: 'command', line: command.command, marker }, account);
    const pipes = await openOutputPipes(user.uid);
    if (place.ended) {
      this.#places.delete(place);
      pipes?.close();
      return undefined;
    }
    const running = new RunningCommand(command, { launch, pipes, marker, guard });
    place.running = running;
    void running.gone.then(() => this.#places.delete(place));
    return running;
  }

  async #endAll(places: readonly Place[]): Promise<void> {
    if (places.length > 0) this.#options.log.info({ commands: places.length }, 'ending commands');
    for (const place of places) place.ended = true;
    await Promise.all(places.map(({ running }) => running?.end()));
  }

  #full(userId: string): string | undefined {
    const own = [...this.#places].filter((place) => place.userId === userId).length;
    if (own >= maxPerUser) return `You already run ${maxPerUser} commands on this machine. Try again when one is done.`;
    if (this.#places.size >= maxOfAll) return `This machine already runs ${maxOfAll} commands. Try again later.`;
    return undefined;
  }
}
