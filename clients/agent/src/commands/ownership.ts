import type { HeldCommand } from '../guard/held.ts';
import { type Family, livingFamily, markerVariable, readProcess } from '../shell/processes.ts';
import { CommandCgroup } from './cgroup.ts';

/** What is asked to end (SIGTERM) is killed this much later. */
const killAfterMs = 2000;
const lookEveryMs = 50;
/** A process in the kernel's hands (D) cannot be killed: given up after this. */
const killingMs = 5000;

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // ESRCH: gone meanwhile.
    }
  }
};

type Owned = Pick<HeldCommand, 'main' | 'marker'> & { holder?: number | undefined; startedAt?: number };

/** Every process of a command, wherever it went: by its control group where it has one, by descent and marker elsewhere. */
export class Ownership {
  readonly #main: number;
  readonly #marker: string;
  readonly #family: Family;
  readonly #holder: number | undefined;
  #cgroup: CommandCgroup | undefined;
  #ending: Promise<void> | undefined;

  /** `holder`: su, which ends by itself when its child did and must not be signalled. */
  constructor({ main, holder, marker, startedAt }: Owned) {
    this.#main = main;
    this.#marker = marker;
    const since = startedAt ?? readProcess(main)?.startedAt ?? 0;
    this.#family = { sessions: new Set([main]), marker: `${markerVariable}=${marker}`, since };
    this.#holder = holder;
  }

  /** Of a command whose agent was killed. */
  static of(held: HeldCommand): Ownership {
    const ownership = new Ownership(held);
    ownership.#cgroup = held.cgroup === undefined ? undefined : CommandCgroup.at(held.cgroup);
    return ownership;
  }

  /** What it is known by to another process. */
  get held(): HeldCommand {
    const [holder, cgroup] = [this.#holder, this.#cgroup?.folder];
    return {
      kind: 'command',
      main: this.#main,
      startedAt: this.#family.since,
      marker: this.#marker,
      ...(holder === undefined ? {} : { holder }),
      ...(cgroup === undefined ? {} : { cgroup }),
    };
  }

  /** Before the program starts: whatever it starts is born in the group. */
  enclose(main: number, name: string): void {
    this.#cgroup = CommandCgroup.around(main, name);
  }

  pids(): number[] {
    const pids = this.#cgroup === undefined ? livingFamily(this.#family) : this.#cgroup.pids();
    return pids.filter((pid) => pid !== this.#holder && pid !== process.pid);
  }

  /** SIGTERM, and SIGKILL to what is left after 2 s. Resolves when nothing is left. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Nothing is left. */
  release(): void {
    this.#cgroup?.remove();
  }

  async #end(): Promise<void> {
    signalAll(this.pids(), 'SIGTERM');
    signalAll(this.pids(), 'SIGCONT');
    if (await this.#gone(killAfterMs, () => undefined)) return;
    await this.#gone(killingMs, (pids) => signalAll(pids, 'SIGKILL'));
    this.#cgroup?.kill();
  }

  async #gone(withinMs: number, each: (pids: readonly number[]) => void): Promise<boolean> {
    const until = performance.now() + withinMs;
    for (;;) {
      const pids = this.pids();
      if (pids.length === 0) return true;
      if (performance.now() > until) return false;
      each(pids);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }
}
