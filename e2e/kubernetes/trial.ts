import { inject } from 'vitest';
import { eventually, Rest } from '../support/rest.ts';
import { type StepResult, somebodyWhoSignsIn, WatchedTerminals } from '../support/watched-terminals.ts';
import { Installation } from './installation.ts';
import type { ClusterAccess, Kubectl } from './kubectl.ts';
import type { Overlay } from './overlay.ts';
import { claimNamespace, type OwnNamespace } from './own-namespace.ts';

declare module 'vitest' {
  interface ProvidedContext {
    cluster: {
      readonly access: ClusterAccess;
      readonly namespace: string;
      readonly nodePort: number;
      /** Where node ports are reached; default: the first node's address. */
      readonly host: string | undefined;
      readonly registry: string;
      readonly tag: string;
      /** Use what an earlier run left in the namespace, and leave it there. */
      readonly keep: boolean;
    };
  }
}

export const watched = 20;
const email = 'admin@webxterm.local';

export const say = (text: string): void => void process.stdout.write(`  ${text}\n`);

const secondsSince = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);

/** An overlay of k8s/ in a namespace of its own, and terminals that are watched while things happen to it. */
export class Trial {
  readonly installation: Installation;
  readonly kubectl: Kubectl;
  readonly rest: Rest;
  readonly results: StepResult[] = [];
  readonly #own: OwnNamespace;
  #terminals: WatchedTerminals | undefined;

  private constructor(own: OwnNamespace, installation: Installation, rest: Rest) {
    this.#own = own;
    this.kubectl = own.kubectl;
    this.installation = installation;
    this.rest = rest;
  }

  /**
   * Applies the overlay and waits until everything is available; what was applied is removed again when that fails.
   * @param before what the overlay needs in the namespace @param after what it needs once it is applied
   */
  static async begin(
    overlay: Overlay['name'],
    { before, after }: { before?: (own: Kubectl) => Promise<void>; after?: (own: Kubectl) => Promise<void> } = {},
  ): Promise<Trial> {
    const { access, namespace, host, nodePort, registry, tag, keep } = inject('cluster');
    const own = await claimNamespace(access, { namespace, host, keep });
    try {
      const publicUrl = `http://${own.host}:${nodePort}`;
      const installation = new Installation(own.kubectl, {
        name: overlay,
        namespace,
        publicUrl,
        nodePort,
        registry,
        tag,
      });
      const began = performance.now();
      if (!own.applied) await before?.(own.kubectl);
      const applied = await installation.apply();
      say(`${overlay}: ${applied.trim().split('\n').length} objects applied after ${secondsSince(began)} s`);
      if (!own.applied) await after?.(own.kubectl);
      await installation.ready();
      say(`${overlay}: everything available after ${secondsSince(began)} s`);
      const password = await installation.adminPassword();
      const { token } = await eventually('a sign-in', () => new Rest(publicUrl).login({ email, password }));
      return new Trial(own, installation, new Rest(publicUrl, token));
    } catch (error) {
      await own.reportAndRemove();
      throw error;
    }
  }

  demoMachine(): Promise<string> {
    return eventually(
      'the demo machine is online',
      async () => {
        const machines = await this.rest.machines();
        return machines.find(({ name, status }) => name === 'demo' && status === 'online')?.agent_id;
      },
      90_000,
    );
  }

  async openTerminals(): Promise<void> {
    const programs = await this.installation.bringPrograms();
    const signIn = await somebodyWhoSignsIn(this.rest);
    this.#terminals = await WatchedTerminals.open(this.rest, await this.demoMachine(), watched, signIn, programs);
  }

  /** The events of the terminals while `act` ran, and until each had continued after it. */
  async step(name: string, act: () => Promise<unknown>): Promise<StepResult> {
    const result = await this.#opened().during(name, act);
    this.results.push(result);
    const { broken, worstReconnectMs, worstPauseMs, signIns } = result;
    say(
      `${name}: ${broken} of ${watched} sockets broke; live again within ${worstReconnectMs} ms, at most ${worstPauseMs} ms without output; sign-ins: ${signIns.answered} answered, ${signIns.refused} refused`,
    );
    return result;
  }

  /** @returns how many bytes came, all of them once and in order */
  finish(): Promise<number> {
    return this.#opened().finish();
  }

  async end(): Promise<void> {
    const again = [...(await this.installation.restarts())].filter(([, count]) => count > 0);
    say(
      `containers that their node started again: ${again.map(([pod, count]) => `${pod} ${count}`).join(', ') || 'none'}`,
    );
    await this.#own.remove();
  }

  #opened(): WatchedTerminals {
    if (this.#terminals === undefined) throw new Error('no terminals are open');
    return this.#terminals;
  }
}
