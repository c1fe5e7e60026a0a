import { withoutBrackets } from '@webxterm/contracts/host-and-port';
import type { RouteOwner } from '@webxterm/contracts/rest';

/** A service behind the gateway. */
export type Owner = Exclude<RouteOwner, 'gateway'>;

/** The time in ms for which an instance that refused a connection is skipped. A restarted instance is back by then. */
const passOverMs = 2000;

/** One instance of a service. */
export interface Instance {
  readonly hostname: string;
  readonly port: number;
}

interface State {
  readonly instance: Instance;
  passOverUntil: number;
  ready: boolean;
}

/** The instances of one service, used in turn. Instances that refused a connection or are not ready are skipped. */
export class Pool {
  readonly owner: Owner;
  readonly #states: readonly State[];
  readonly #now: () => number;
  #turn = 0;

  constructor(owner: Owner, urls: readonly string[], now: () => number = Date.now) {
    this.owner = owner;
    this.#now = now;
    this.#states = urls.map((text) => {
      const url = new URL(text);
      return {
        instance: { hostname: withoutBrackets(url.hostname), port: Number(url.port || 80) },
        passOverUntil: 0,
        ready: true,
      };
    });
  }

  get size(): number {
    return this.#states.length;
  }

  /** The next instance in turn, a usable one if there is one. */
  next(): Instance {
    const turned = [...this.#states.slice(this.#turn), ...this.#states.slice(0, this.#turn)];
    const state = turned.find((item) => this.#usable(item)) ?? turned[0];
    if (state === undefined) throw new Error(`${this.owner} has no instances`);
    this.#turn = (this.#states.indexOf(state) + 1) % this.#states.length;
    return state.instance;
  }

  /** The order in which to try instances: `hostname:port` first, then the usable ones, then the rest. */
  inOrderFrom(hostname: string, port: number): readonly Instance[] {
    const rank = (state: State): number => {
      if (state.instance.hostname === hostname && state.instance.port === port) return 0;
      return this.#usable(state) ? 1 : 2;
    };
    return [...this.#states].sort((a, b) => rank(a) - rank(b)).map((state) => state.instance);
  }

  /** Records that the instance refused a connection. */
  refused(instance: Instance): void {
    const state = this.#stateOf(instance);
    if (state !== undefined) state.passOverUntil = this.#now() + passOverMs;
  }

  /** Records a readiness probe. `index` is the position in the list of URLs. */
  probed(index: number, ready: boolean): void {
    const state = this.#states[index];
    if (state !== undefined) state.ready = ready;
  }

  #usable(state: State): boolean {
    return state.ready && state.passOverUntil <= this.#now();
  }

  #stateOf(instance: Instance): State | undefined {
    return this.#states.find((state) => state.instance === instance);
  }
}
