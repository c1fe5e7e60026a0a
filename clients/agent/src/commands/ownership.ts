import type { HeldCommand } from '../guard/held.ts';
import { type Family, livingFamily, markerVariable, readProcess } from '../shell/processes.ts';
import { CommandCgroup } from './cgroup.ts';

/** SIGKILL follows SIGTERM after this time. */
const killAfterTermMs = 2000;
const lookEveryMs = 50;
/** A process in uninterruptible sleep (D) cannot be killed, so killing stops after this time. */
const killingMs = 5000;

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // ESRCH: the process has ended meanwhile.
    }
  }
};

type Owned = Pick<HeldCommand, 'main' | 'marker'> & { holder?: number | undefined; startedAt?: number };

/** Finds and ends all processes of a command: by its control group if it has one, otherwise by descent and marker. */
export class Ownership {
  /** The leader of the program's process group. */
  readonly main: number;
  readonly #marker: string;
  readonly #family: Family;
  readonly #holder: number | undefined;
  #cgroup: CommandCgroup | undefined;
  #ending: Promise<void> | undefined;

  /** `holder`: su, which must not be signalled. It ends by itself after its child. */
  constructor({ main, holder, marker, startedAt }: Owned) {
    this.main = main;
    this.#marker = marker;
    const since = startedAt ?? readProcess(main)?.startedAt ?? 0;
    this.#family = { sessions: new Set([main]), marker: `${markerVariable}=${marker}`, since };
    this.#holder = holder;
  }

  /** The ownership of a command whose agent was killed. */
  static of(held: HeldCommand): Ownership {
    const ownership = new Ownership(held);
    ownership.#cgroup = held.cgroup === undefined ? undefined : CommandCgroup.at(held.cgroup);
    return ownership;
  }

  /** The data by which another process can identify the command. */
  get held(): HeldCommand {
    const [holder, cgroup] = [this.#holder, this.#cgroup?.folder];
    return {
      kind: 'command',
      main: this.main,
      startedAt: this.#family.since,
      marker: this.#marker,
      ...(holder === undefined ? {} : { holder }),
      ...(cgroup === undefined ? {} : { cgroup }),
    };
  }

  /** Puts the process into a control group. Must be called before the program starts, so that all its children are in the group. */
  enclose(main: number, name: string): void {
    this.#cgroup = CommandCgroup.around(main, name);
  }

  pids(): number[] {
    const pids = this.#cgroup === undefined ? livingFamily(this.#family) : this.#cgroup.pids();
    return pids.filter((pid) => pid !== this.#holder && pid !== process.pid);
  }

  /** Sends SIGTERM, and SIGKILL to processes left after `killAfterMs`. Resolves when none is left. */
  end(killAfterMs = killAfterTermMs): Promise<void> {
    this.#ending ??= this.#end(killAfterMs);
    return this.#ending;
  }

  /** Removes the control group. Called when no process is left. */
  release(): void {
    this.#cgroup?.remove();
  }

  async #end(killAfterMs: number): Promise<void> {
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
