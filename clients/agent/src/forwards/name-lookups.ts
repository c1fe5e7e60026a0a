import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';

/** Each takes one of the four threads with which the agent also reads files, for as long as a name server does not answer. */
const maxLookups = 2;

/** All addresses of a name, in the order of the system. @throws Error with the code of getaddrinfo */
type Lookup = (name: string) => Promise<readonly string[]>;

const bySystem: Lookup = async (name) =>
  (await dns.lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

type Waiting = { readonly owner: string; readonly begin: () => void };

const tooLate = (): Error => Object.assign(new Error('too late'), { code: 'EAI_AGAIN' });

/**
 * Resolves names for forwarded connections. Of each user one name is resolved at a time, so names that are not answered keep no other user waiting.
 * A caller that has given up waits no longer.
 */
export class NameLookups {
  readonly #lookup: Lookup;
  readonly #busy = new Set<string>();
  readonly #waiting: Waiting[] = [];

  constructor(lookup: Lookup = bySystem) {
    this.#lookup = lookup;
  }

  /** @throws Error with a code: that of getaddrinfo, or EAI_AGAIN when `late` aborts */
  addressesOf(host: string, owner: string, late: AbortSignal): Promise<readonly string[]> {
    if (isIP(host) !== 0) return Promise.resolve([host]);
    // It needs no name server, so it does not wait for one (RFC 6761).
    if (host.toLowerCase() === 'localhost') return Promise.resolve(['::1', '127.0.0.1']);
    const found = Promise.withResolvers<readonly string[]>();
    const waiting: Waiting = {
      owner,
      begin: () => {
        this.#busy.add(owner);
        const ended = this.#lookup(host).then(found.resolve, found.reject);
        void ended.finally(() => {
          this.#busy.delete(owner);
          this.#beginMore();
        });
      },
    };
    const abort = (): void => {
      const index = this.#waiting.indexOf(waiting);
      if (index !== -1) this.#waiting.splice(index, 1);
      found.reject(tooLate());
    };
    if (late.aborted) abort();
    else {
      late.addEventListener('abort', abort, { once: true });
      this.#waiting.push(waiting);
      this.#beginMore();
    }
    return found.promise.finally(() => late.removeEventListener('abort', abort));
  }

  #beginMore(): void {
    while (this.#busy.size < maxLookups) {
      const index = this.#waiting.findIndex(({ owner }) => !this.#busy.has(owner));
      if (index === -1) return;
      for (const { begin } of this.#waiting.splice(index, 1)) begin();
    }
  }
}
