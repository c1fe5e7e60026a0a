import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseJson } from '@webxterm/contracts/json';
import * as v from 'valibot';

/**
 * A version that was started here and did not work. It is not installed again, unless its failure is `withdrawn`: the version before it
 * could not connect either. `unsure`: that is not known yet. `withdrawals`: how often it was withdrawn.
 */
const Failed = v.object({
  version: v.string(),
  why: v.string(),
  at: v.string(),
  state: v.optional(v.picklist(['sure', 'unsure', 'withdrawn']), 'sure'),
  withdrawals: v.optional(v.number(), 0),
});
export type FailedVersion = v.InferOutput<typeof Failed>;

/**
 * A version that was activated and has not proven itself yet. `starts`: how often it has begun to run. `launches`: how often it was started,
 * counted by the version before it.
 */
const Trial = v.object({ version: v.string(), starts: v.number(), launches: v.optional(v.number(), 0) });

const downloadPrefix = '.download.';
/** Limit of remembered failed versions. */
const maxFailed = 20;
/** So often a version gets another chance. A version that cuts the machine off would otherwise come back for ever. */
const maxWithdrawals = 3;

const linkedVersion = (link: string): string | undefined => {
  try {
    return path.basename(readlinkSync(link));
  } catch {
    return undefined;
  }
};

const readIf = <S extends v.GenericSchema>(file: string, schema: S): v.InferOutput<S> | undefined => {
  if (!existsSync(file)) return undefined;
  const read = v.safeParse(schema, parseJson(readFileSync(file, 'utf8')));
  return read.success ? read.output : undefined;
};

/** Replaces a file atomically. */
const replace = (file: string, content: string | Buffer): void => {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, content, { mode: 0o644 });
  renameSync(fresh, file);
};

/**
 * The folder in which install.sh has installed the agent: `versions/<version>`, `current` (the version to run), `last-good` (the version
 * before it), `release-key.pem`, `release.json` and `sequence` of the accepted release.
 */
export class Installation {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get versions(): string {
    return path.join(this.folder, 'versions');
  }

  /** The public key that was pinned at the first installation, PEM. */
  get releaseKey(): string {
    return readFileSync(path.join(this.folder, 'release-key.pem'), 'utf8');
  }

  /** The sequence of the latest accepted release. Never decreases, also when a version is rolled back. */
  get sequence(): number {
    const file = path.join(this.folder, 'sequence');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  }

  /** The version to run. */
  get current(): string | undefined {
    return linkedVersion(path.join(this.folder, 'current'));
  }

  /** The version to go back to. */
  get lastGood(): string | undefined {
    const version = linkedVersion(path.join(this.folder, 'last-good'));
    // The install script removes older versions.
    return version !== undefined && existsSync(path.join(this.versions, version)) ? version : undefined;
  }

  /** The versions that are not installed again, in the order of their failures. */
  get failed(): readonly FailedVersion[] {
    return this.#remembered.filter(({ state }) => state !== 'withdrawn');
  }

  /** The last version whose failure was withdrawn. */
  get withdrawn(): FailedVersion | undefined {
    return this.#remembered.findLast(({ state }) => state === 'withdrawn');
  }

  get #remembered(): readonly FailedVersion[] {
    return readIf(this.#file('failed.json'), v.array(Failed)) ?? [];
  }

  /** The current version, while it has not proven itself. */
  get trial(): v.InferOutput<typeof Trial> | undefined {
    const trial = readIf(this.#file('trial.json'), Trial);
    return trial?.version === this.current ? trial : undefined;
  }

  /** Makes an unpacked version the current one, on trial. The version until now becomes the last good one, unless it is on trial itself. */
  async activate(version: string, release: { manifest: Buffer; sequence: number }): Promise<void> {
    const { current, trial } = this;
    if (current !== undefined && trial === undefined && current !== version) this.#point('last-good', current);
    replace(this.#file('sequence'), `${Math.max(this.sequence, release.sequence)}\n`);
    replace(this.#file('release.json'), release.manifest);
    if (current === version) return;
    replace(this.#file('trial.json'), JSON.stringify({ version, starts: 0, launches: 0 }));
    this.#point('current', version);
    await this.#prune();
  }

  /** Counts a start of the version on trial. @returns the number; 0 if the current version is not on trial */
  count(what: 'starts' | 'launches'): number {
    const { trial } = this;
    if (trial === undefined) return 0;
    const counted = trial[what] + 1;
    replace(this.#file('trial.json'), JSON.stringify({ ...trial, [what]: counted }));
    return counted;
  }

  /** The current version has proven itself. */
  confirm(): void {
    rmSync(this.#file('trial.json'), { force: true });
  }

  /**
   * Goes back to the last good version, and remembers that the current one failed. `unsure`: the cause may lie outside of the machine.
   * @returns false if there is none to go back to
   */
  rollBack(why: string, state: 'sure' | 'unsure' = 'sure'): boolean {
    const { current, lastGood } = this;
    if (current === undefined || lastGood === undefined || lastGood === current) return false;
    const withdrawals = this.#remembered.find(({ version }) => version === current)?.withdrawals ?? 0;
    this.#remember({ version: current, why, at: new Date().toISOString(), state, withdrawals });
    this.#point('current', lastGood);
    this.confirm();
    return true;
  }

  /** Decides on a failure that was unsure. @returns whether the version may be installed again */
  conclude(failed: FailedVersion, state: 'sure' | 'withdrawn'): boolean {
    const withdrawn = state === 'withdrawn' && failed.withdrawals < maxWithdrawals;
    this.#remember(
      withdrawn ? { ...failed, state, withdrawals: failed.withdrawals + 1 } : { ...failed, state: 'sure' as const },
    );
    return withdrawn;
  }

  #remember(failed: FailedVersion): void {
    const others = this.#remembered.filter(({ version }) => version !== failed.version);
    replace(this.#file('failed.json'), `${JSON.stringify([...others, failed].slice(-maxFailed), undefined, 1)}\n`);
  }

  /** A partial download, which a later update continues. */
  download(name: string): string {
    return path.join(this.versions, `${downloadPrefix}${name}`);
  }

  /** Removes the files of unfinished updates. Keeps the downloads of the archive with this hash. Undefined: keeps none. */
  async sweep(archive?: string): Promise<void> {
    for (const name of await readdir(this.versions)) {
      const isKept = archive !== undefined && name.startsWith(`${downloadPrefix}${archive}`);
      if (name.startsWith('.update.') || (name.startsWith(downloadPrefix) && !isKept))
        await rm(path.join(this.versions, name), { recursive: true, force: true });
    }
  }

  /** Keeps the current and the last good version. */
  async #prune(): Promise<void> {
    const kept = [this.current, this.lastGood];
    for (const name of await readdir(this.versions))
      if (!name.startsWith('.') && !kept.includes(name))
        await rm(path.join(this.versions, name), { recursive: true, force: true });
  }

  #point(link: string, version: string): void {
    const fresh = this.#file(`${link}.${process.pid}.new`);
    rmSync(fresh, { force: true });
    symlinkSync(path.join('versions', version), fresh);
    renameSync(fresh, this.#file(link));
  }

  #file(name: string): string {
    return path.join(this.folder, name);
  }
}

/** The command line of a version, as in its start script. */
export const programOf = ({ versions }: Pick<Installation, 'versions'>, version: string): readonly string[] => [
  path.join(versions, version, 'bin', 'node'),
  '--disable-sigusr1',
  '--max-semi-space-size=1',
  path.join(versions, version, 'lib', 'agent.js'),
];
