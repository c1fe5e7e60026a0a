import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { markedEnvironment } from '../configuration/environment.ts';
import { describeError } from '../failure.ts';
import { handOverVersion } from '../hand-over/state-file.ts';
import { type Installation, programOf } from './installation.ts';

/** A version on trial has proven itself after this time of uninterrupted connection to a hub. */
const provenAfterMs = 60_000;
/** A version that has not proven itself by then is rolled back. */
const trialMs = 180_000;
/** A version that works connects within this time after its start, if a hub can be reached. */
const reachableWithinMs = 60_000;
/** How often the link to the current version is read. */
const lookEveryMs = 2000;

export type AgentMoment = {
  /** ms of uninterrupted connection; undefined without a connection. */
  connectedForMs: number | undefined;
  /** `none`: no session, ended ones included, and no command. `movable`: sessions that another process can continue, and no command. */
  work: 'none' | 'movable' | 'fixed';
};

export type ReplacementOptions = {
  installation: Installation;
  /** The version of this process. */
  version: string;
  /** The version of the hand-over that a program reads. @throws Error if it does not run or knows none */
  handOverVersionOf(program: readonly string[]): Promise<number>;
  log: Pick<Logger, 'info' | 'warn'>;
  /** ms on a monotonic clock. */
  now(): number;
};

/** Observes the trial of this version, and decides when this process is replaced by the current version of the installation. */
export class Replacement {
  readonly #options: ReplacementOptions;
  readonly #startedAt: number;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #wasReady = false;
  /** Whether a version can continue sessions of this one. */
  readonly #continues = new Map<string, boolean>();
  #reported: string | undefined;

  constructor(options: ReplacementOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  /** The command line of the version to run. */
  get program(): readonly string[] {
    const { installation, version } = this.#options;
    return programOf(installation, installation.current ?? version);
  }

  /**
   * Rolls this version back if it is on trial. `unsure`: perhaps no hub could be reached; the version before decides on that.
   * @returns whether another version is the current one now
   */
  giveUp(why: string, state: 'sure' | 'unsure' = 'sure'): boolean {
    const { installation, version, log } = this.#options;
    if (installation.trial?.version !== version) return false;
    try {
      const done = installation.rollBack(why, state);
      if (done)
        log.warn({ version, why, last_good: installation.current }, 'this version does not work here: going back');
      return done;
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'this version does not work here, and cannot be rolled back');
      return false;
    }
  }

  /** Called about once a second. @returns true when this process must stop and be replaced by `program` */
  tick({ connectedForMs, work }: AgentMoment): boolean {
    const { installation, version, now, log } = this.#options;
    if (now() - this.#lookedAt < lookEveryMs) return false;
    this.#lookedAt = now();
    const { current, trial, failed } = installation;
    if (current === version && trial?.version === version) this.#judge(connectedForMs);
    else if (current === version) this.#reconsider(connectedForMs);
    if (current === undefined || current === version) return false;
    const free = work === 'none' || (work === 'movable' && this.#canContinue(current));
    // Free at two looks, so that the answer to the last command has been sent.
    const stayedFree = free && this.#wasReady;
    this.#wasReady = free;
    const goesBack = failed.some((each) => each.version === version);
    // A version is judged by its connection, so it is not started while no hub can be reached.
    const ready = stayedFree && (connectedForMs !== undefined || goesBack);
    if (!free && this.#reported !== current)
      log.info({ version: current }, 'another version is installed: it starts as soon as it can');
    this.#reported = current;
    return ready;
  }

  /** Asks the program of that version once. @returns false until it has answered */
  #canContinue(version: string): boolean {
    const known = this.#continues.get(version);
    if (known !== undefined) return known;
    this.#continues.set(version, false);
    void this.#options
      .handOverVersionOf(programOf(this.#options.installation, version))
      .then((found) => this.#continues.set(version, found === handOverVersion))
      .catch((error: unknown) =>
        this.#options.log.warn(
          { version, reason: describeError(error) },
          'the installed version cannot continue sessions',
        ),
      );
    return false;
  }

  #judge(connectedForMs: number | undefined): void {
    const { installation, version, now, log } = this.#options;
    const proven = connectedForMs !== undefined && connectedForMs >= provenAfterMs;
    if (!proven && now() - this.#startedAt < trialMs) return;
    if (!proven) {
      const why = `it was not connected for ${provenAfterMs / 1000} s within ${trialMs / 1000} s after its start`;
      this.giveUp(why, 'unsure');
      return;
    }
    try {
      installation.confirm();
      log.info({ version }, 'this version has proven itself');
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'the trial cannot be concluded');
    }
  }

  /** Whether the version after this one failed by itself: not if this one, which works, cannot connect either. */
  #reconsider(connectedForMs: number | undefined): void {
    const { installation, now, log } = this.#options;
    const failed = installation.failed.find(({ state }) => state === 'unsure');
    if (failed === undefined) return;
    const reachable = connectedForMs !== undefined;
    if (!reachable && now() - this.#startedAt < reachableWithinMs) return;
    try {
      if (installation.conclude(failed, reachable ? 'sure' : 'withdrawn'))
        log.info(
          { version: failed.version },
          'no hub can be reached with this version either: that one may be tried again',
        );
    } catch (error) {
      log.warn({ reason: describeError(error) }, 'the failure of a version cannot be decided');
    }
  }
}

/** Asks a version of the agent. */
export const askHandOverVersion = async ([file = '', ...args]: readonly string[]): Promise<number> => {
  const { stdout } = await promisify(execFile)(file, [...args, 'hand-over-version'], { env: {}, timeout: 60_000 });
  return Number(stdout);
};

/**
 * Replaces this process by another program, with the same pid, arguments and environment, and the mark that it was replaced. Does not
 * return.
 */
export const become = (program: readonly string[]): never => {
  const [file = '', ...args] = program;
  // Node warns on each call that execve is experimental. The warning would go to the log.
  process.removeAllListeners('warning');
  if (process.execve === undefined) throw new Error('this Node cannot replace its process');
  return process.execve(file, [file, ...args, ...process.argv.slice(2)], markedEnvironment());
};
