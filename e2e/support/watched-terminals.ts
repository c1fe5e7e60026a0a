import { type MachinePrograms, NumberedTerminal } from '../faults/numbered-terminal.ts';
import { Rest } from './rest.ts';

/** Half of a person's patience with a key: what comes every 50 ms has stopped when nothing came for longer. */
const lookEveryMs = 20;
const paceMs = 50;
/** Bytes that have certainly come after a step, at this pace. */
const beyond = 1024;
const rate = 2 * 1024 * 1024;
/** How long it may take at all, on a machine that is busy with other things too: no measure of how soon it should. */
const goesOnWithinMs = 180_000;

/** The effect of a step on the terminals. */
export interface StepResult {
  readonly step: string;
  /** How many viewers lost their socket. */
  readonly broken: number;
  /** The longest time from a broken socket until its viewer was live again, ms. */
  readonly worstReconnectMs: number;
  /** The longest time that nothing came to any of them, ms. */
  readonly worstPauseMs: number;
  readonly signIns: { readonly answered: number; readonly refused: number };
}

/**
 * Somebody who signs in, again and again: not whose terminals are watched, for beyond a hundred sign-ins of one user the oldest ends.
 * @returns a function that signs in; whether it was answered with 200
 */
export const somebodyWhoSignsIn = async (rest: Rest): Promise<() => Promise<boolean>> => {
  const { user } = await new Rest(rest.url).signup(`signs-in-${Date.now()}`);
  return async () => {
    const account = { email: user.email, password: 'yourpassword' };
    const answer = await new Rest(rest.url).post('/api/login', account).catch(() => undefined);
    return answer?.status === 200;
  };
};

/** Terminals with numbered output, and with numbered typing, that are watched while an installation is rolled. */
export class WatchedTerminals {
  readonly #terminals: readonly NumberedTerminal[];
  readonly #signIn: () => Promise<boolean>;

  private constructor(terminals: readonly NumberedTerminal[], signIn: () => Promise<boolean>) {
    this.#terminals = terminals;
    this.#signIn = signIn;
  }

  /** @param signIn whether it was answered with 200 @param machine where its programs are; default: on this one */
  static async open(
    rest: Rest,
    agentId: string,
    count: number,
    signIn: () => Promise<boolean>,
    machine?: MachinePrograms,
  ): Promise<WatchedTerminals> {
    const terminals = Array.from({ length: count }, (_, index) => {
      const load = index % 4 === 0 ? 'echo' : 'slow';
      return new NumberedTerminal(rest, agentId, { load, rate, everyMs: paceMs, machine });
    });
    for (const terminal of terminals) await terminal.start();
    await Promise.all(terminals.map((terminal) => terminal.past(beyond)));
    return new WatchedTerminals(terminals, signIn);
  }

  /** Runs a step, and waits until every terminal goes on behind it. Throws as soon as a byte is lost or doubled. */
  async during(step: string, act: () => Promise<unknown>): Promise<StepResult> {
    const breaks = this.#terminals.map(({ terminal }) => terminal.breaks);
    const reconnects = this.#terminals.map(({ reconnectsMs }) => reconnectsMs.length);
    const pauses = this.#watchPauses();
    const signIns = this.#signInAgain();
    await act();
    await Promise.all(this.#terminals.map((terminal) => terminal.past(beyond, goesOnWithinMs)));
    const broken = this.#terminals.filter(({ terminal }, index) => terminal.breaks > (breaks[index] ?? 0)).length;
    const took = this.#terminals.flatMap(({ reconnectsMs }, index) => reconnectsMs.slice(reconnects[index]));
    const worstReconnectMs = Math.round(Math.max(0, ...took));
    return { step, broken, worstReconnectMs, worstPauseMs: pauses(), signIns: await signIns() };
  }

  /** Ends the programs: every byte that they wrote came once and in order, every byte typed arrived once. */
  async finish(): Promise<number> {
    const accounts = await Promise.all(this.#terminals.map((terminal) => terminal.finish(goesOnWithinMs)));
    return accounts.reduce((bytes, account) => bytes + account.bytes, 0);
  }

  #watchPauses(): () => number {
    const seen = this.#terminals.map(({ position }) => ({ position, at: performance.now() }));
    let worst = 0;
    const timer = setInterval(() => {
      for (const [index, terminal] of this.#terminals.entries()) {
        const last = seen[index];
        if (last === undefined) continue;
        worst = Math.max(worst, performance.now() - last.at);
        if (terminal.position !== last.position) seen[index] = { position: terminal.position, at: performance.now() };
      }
    }, lookEveryMs);
    return () => {
      clearInterval(timer);
      return Math.round(worst);
    };
  }

  /** One after the other, as people would come. */
  #signInAgain(): () => Promise<{ answered: number; refused: number }> {
    const counts = { answered: 0, refused: 0 };
    let going = true;
    const loop = (async () => {
      while (going) {
        if (await this.#signIn()) counts.answered += 1;
        else counts.refused += 1;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    })();
    return async () => {
      going = false;
      await loop;
      return counts;
    };
  }
}
