import type { UpdateOrder, UpdateState } from '@webxterm/contracts/grpc';
import { dial, type TestLink, TestMachine } from './test-agent.ts';

const oldVersion = '0.1.0';

/**
 * How an agent behaves with a version: it runs it, returns to the version before, finds no hub with either until `dial`, cannot fetch it,
 * or is silent.
 */
export type Behaviour = 'works' | 'rolls back' | 'finds no hub' | 'cannot fetch' | 'is silent';

/** An agent that updates itself as ordered, without a process: only its dials and messages are real. */
export class SimulatedAgent {
  readonly machine: TestMachine;
  readonly #hub: { readonly grpc: string };
  readonly #behaviour: (version: string) => Behaviour;
  readonly orders: UpdateOrder[] = [];
  /** When each order came, in ms. */
  readonly orderedAt: number[] = [];
  version = oldVersion;
  agentId = '';
  #credential = '';
  #sequence = 1n;
  #failed: { version: string; reason: string } | undefined;
  #link: TestLink | undefined;

  private constructor(name: string, hub: { readonly grpc: string }, behaviour: (version: string) => Behaviour) {
    this.machine = new TestMachine(name);
    this.#hub = hub;
    this.#behaviour = behaviour;
  }

  static async enrol(
    name: string,
    hub: { readonly grpc: string },
    { apiKey, behaviour }: { readonly apiKey: string; readonly behaviour: (version: string) => Behaviour },
  ): Promise<SimulatedAgent> {
    const agent = new SimulatedAgent(name, hub, behaviour);
    const credential = { $case: 'apiKey', value: apiKey } as const;
    const enrolled = (): ReturnType<typeof dial> => dial(hub.grpc, agent.machine, credential, agent.#hello());
    // As an agent does when the database is slow.
    const tryAgain = async (attempts: number): ReturnType<typeof dial> =>
      enrolled().catch((error: unknown) => {
        if (attempts === 0) throw error;
        return tryAgain(attempts - 1);
      });
    const link = await tryAgain(20);
    agent.agentId = link.welcome.agentId;
    agent.#credential = link.welcome.machineCredential;
    agent.#follow(link);
    return agent;
  }

  /** The link of an agent that stops. */
  leave(): void {
    this.#link?.cut();
    this.#link = undefined;
  }

  report(state: string, version: string, reason: string): void {
    this.#link?.send({ $case: 'updateReport', value: { version, state, reason } });
  }

  async dial(more: Partial<UpdateState> = {}): Promise<void> {
    const before = this.#link;
    const credential = { $case: 'machineCredential', value: this.#credential } as const;
    this.#follow(await dial(this.#hub.grpc, this.machine, credential, this.#hello(more)));
    before?.cut();
  }

  #hello(more: Partial<UpdateState> = {}) {
    const { facts } = this.machine.hello(Buffer.alloc(32), { $case: 'apiKey', value: '' });
    const failed = { failedVersion: this.#failed?.version ?? '', failedReason: this.#failed?.reason ?? '' };
    return {
      capabilities: ['pty', 'command', 'update'],
      update: { sequence: this.#sequence, onTrial: false, ...failed, ...more },
      ...(facts === undefined ? {} : { facts: { ...facts, agentVersion: this.version, arch: 'amd64' } }),
    };
  }

  #follow(link: TestLink): void {
    this.#link = link;
    link.stream.on('data', ({ message }) => {
      if (message?.$case !== 'updateOrder') return;
      this.orders.push(message.value);
      this.orderedAt.push(performance.now());
      void this.#carryOut(message.value).catch(() => undefined);
    });
  }

  async #carryOut({ version }: UpdateOrder): Promise<void> {
    const how = this.#behaviour(version);
    if (how === 'is silent') return;
    const say = (state: string, reason = ''): void => this.report(state, version, reason);
    say('downloading');
    if (how === 'cannot fetch') return say('postponed', 'The server cannot be reached.');
    say('installed');
    if (how === 'finds no hub') return;
    const before = this.version;
    this.version = version;
    this.#sequence += 1n;
    await this.dial({ onTrial: true });
    if (how === 'works') return say('confirmed');
    this.version = before;
    this.#failed = { version, reason: 'it was not connected for 60 s within 180 s after its start' };
    await this.dial();
  }
}
