import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { BoundedWork, type Rank } from './bounded-work.ts';
import { nativeBcrypt } from './native-bcrypt.ts';
import { formatStored, preHash, readStored } from './stored-password.ts';

/** libuv runs bcrypt on four threads, for any number of CPUs. */
const uvThreads = 4;
/** At most about eight seconds of work wait. Later callers would give up before their turn. */
const waitingPerThread = 32;

const busy = 'Too many people sign in at this moment. Try again in a few seconds.';

/** Hashes and checks passwords, with a limit on concurrent work, so that bcrypt does not use all CPUs. */
export class Passwords {
  readonly #roots: RootKeys;
  readonly #cost: number;
  readonly #work: BoundedWork;
  readonly #bcrypt = nativeBcrypt();
  readonly #nobodys: string;

  constructor(roots: RootKeys, cost: number) {
    this.#roots = roots;
    this.#cost = cost;
    const threads = Math.min(availableParallelism(), uvThreads);
    this.#work = new BoundedWork(threads, threads * waitingPerThread, busy);
    // A hash that matches no password. Checking against it takes as long as against any other hash of the current cost.
    const salt = randomBytes(16).toString('hex').slice(0, 21);
    this.#nobodys = formatStored(roots.current, `$2b$${String(cost).padStart(2, '0')}$${salt}u${'.'.repeat(31)}`);
  }

  get waiting(): number {
    return this.#work.waiting;
  }

  /** @throws AppError unavailable when too many are waiting already */
  async hash(password: string, rank: Rank = 'next'): Promise<string> {
    const input = preHash(this.#roots.current, password);
    return formatStored(this.#roots.current, await this.#work.run(() => this.#bcrypt.hash(input, this.#cost), rank));
  }

  /**
   * Checks a password. Without a stored one (no account with that e-mail) it takes the same time and returns false. If `upgraded` is set,
   * the caller should store it in place of the old hash.
   * @throws AppError unavailable when too many are waiting already
   */
  async verify(
    password: string,
    stored: string | undefined,
    rank: Rank = 'next',
  ): Promise<{ ok: boolean; upgraded?: string }> {
    const known = stored === undefined ? undefined : readStored(this.#roots, stored, password, this.#cost);
    const against = known ?? readStored(this.#roots, this.#nobodys, password, this.#cost);
    if (against === undefined) throw new Error('the stand-in hash cannot be read');
    const matches = await this.#work.run(() => this.#bcrypt.compare(against.input, against.bcrypt), rank);
    if (!matches || known === undefined) return { ok: false };
    return known.upToDate ? { ok: true } : { ok: true, upgraded: await this.hash(password, rank) };
  }
}
