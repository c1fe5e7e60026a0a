import { type Command, CommandOutput } from '@webxterm/contracts/grpc';
import { dial, type TestLink, TestMachine } from './test-agent.ts';

/** The result of a command with exit code 0. */
const output = (commandId: string, more: Partial<CommandOutput> = {}): CommandOutput =>
  CommandOutput.fromPartial({ commandId, ...more });

/** An agent that takes part in runs, without a process: only its dials and messages are real. It starts each id once and keeps results. */
export class RunAgent {
  readonly machine: TestMachine;
  agentId = '';
  /** The ids that it was sent, in their order, also those that were sent again. */
  readonly ordered: string[] = [];
  readonly cancelled: string[] = [];
  readonly stored: string[] = [];
  last: Command | undefined;
  /** Called for a new command. By default it ends at once. Without a result, the command goes on until `finish`. */
  run: (command: Command) => Partial<CommandOutput> | undefined = () => ({});
  acknowledges = true;
  readonly #state = new Map<string, CommandOutput | undefined>();
  #credential = '';
  #link: TestLink | undefined;

  constructor(name: string) {
    this.machine = new TestMachine(name);
  }

  /** The ids that it started. */
  get started(): string[] {
    return [...this.#state.keys()];
  }

  get inProgress(): number {
    return [...this.#state.values()].filter((result) => result === undefined).length;
  }

  /** Registers with an API key, as the agent of a new machine. */
  async enrol(hub: { readonly grpc: string }, apiKey: string): Promise<this> {
    const link = await dial(hub.grpc, this.machine, { $case: 'apiKey', value: apiKey }, { capabilities });
    this.agentId = link.welcome.agentId;
    this.#credential = link.welcome.machineCredential;
    this.#follow(link);
    return this;
  }

  /** Dials, and reports on its commands as an agent does after each welcome. */
  async dial(hub: { readonly grpc: string }): Promise<void> {
    const credential = { $case: 'machineCredential', value: this.#credential } as const;
    this.#follow(await dial(hub.grpc, this.machine, credential, { capabilities }));
    for (const commandId of this.started) this.#report(commandId);
  }

  /** Loses its link, as when the network is away. Its commands go on. */
  leave(): void {
    this.#link?.cut();
    this.#link = undefined;
  }

  /** Resolves when the hub has ended the link. */
  async linkLost(): Promise<void> {
    await this.#link?.ended;
  }

  /** Ends all commands in progress. */
  finish(more: Partial<CommandOutput> = {}): void {
    for (const [commandId, result] of this.#state) if (result === undefined) this.#end(commandId, more);
  }

  /** Reports a result for any id, as a hostile agent may. */
  report(commandId: string, more: Partial<CommandOutput>): void {
    this.#link?.send({ $case: 'commandOutput', value: output(commandId, more) });
  }

  #follow(link: TestLink): void {
    this.#link = link;
    link.stream.on('data', ({ message }) => {
      if (message?.$case === 'command') this.#take(message.value);
      if (message?.$case === 'cancelCommand') this.#cancel(message.value.commandId);
      if (message?.$case === 'commandStored') this.stored.push(message.value.commandId);
    });
  }

  #take(command: Command): void {
    const { commandId } = command;
    this.ordered.push(commandId);
    this.last = command;
    if (this.#state.has(commandId)) return void this.#report(commandId);
    this.#state.set(commandId, undefined);
    this.#report(commandId);
    const result = this.run(command);
    if (result !== undefined) this.#end(commandId, result);
  }

  #cancel(commandId: string): void {
    this.cancelled.push(commandId);
    this.#end(commandId, { cancelled: true, signal: 'SIGTERM' });
  }

  #end(commandId: string, more: Partial<CommandOutput>): void {
    if (this.#state.get(commandId) === undefined) this.#state.set(commandId, output(commandId, more));
    this.#report(commandId);
  }

  #report(commandId: string): void {
    const result = this.#state.get(commandId);
    if (result !== undefined) this.#link?.send({ $case: 'commandOutput', value: result });
    else if (this.acknowledges) this.#link?.send({ $case: 'commandStarted', value: { commandId } });
  }
}

const capabilities = ['pty', 'command', 'kept_commands'];
