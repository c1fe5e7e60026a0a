import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { TerminalState } from '@webxterm/terminal-client';
import { NodeTerminal } from '../support/node-terminal.ts';
import type { Rest } from '../support/rest.ts';
import { type Account, begin, end, numberedBytes, over } from './numbered-stream.ts';

const program = fileURLToPath(new URL('./numbered-program.ts', import.meta.url));
/** Typed at a time. */
const keysAtOnce = 7;
const fastMs = { slow: 5, echo: 4 };

export type Load = 'slow' | 'flood' | 'echo';

/** Where Node and `numbered-program.ts` are on the machine that the terminal opens. */
export interface MachinePrograms {
  readonly node: string;
  readonly numbered: string;
}

const thisMachine: MachinePrograms = { node: process.execPath, numbered: program };

/**
 * A terminal whose output is numbered bytes and nothing else, each looked at as it comes: a byte that is lost, doubled or out
 * of place fails it there and then. `echo` types numbered bytes, and has them back.
 */
export class NumberedTerminal {
  readonly load: Load;
  readonly terminal: NodeTerminal;
  /** Connection states in order of arrival. A test may empty it. */
  readonly states: TerminalState['state'][] = [];
  /** How long it took to be live again after each break of the connection, or of the machine's link, ms. */
  readonly reconnectsMs: number[] = [];
  readonly #rate: number;
  readonly #everyMs: number;
  readonly #machine: MachinePrograms;
  #position = 0;
  #typed = 0;
  readonly #hash = createHash('sha256');
  #stage: 'shell' | 'numbers' | 'account' | 'over' = 'shell';
  #account = '';
  #fault: Error | undefined;
  #waiting: (() => void)[] = [];
  #typing: NodeJS.Timeout | undefined;
  #paidUntil = 0;
  #brokeAt: number | undefined;

  /**
   * `rate`: bytes per second that this viewer renders. `everyMs`: how often slow output comes and keys are typed; default: as fast
   * as keys repeat, many times over. `machine`: default: this one.
   */
  constructor(
    rest: Rest,
    agentId: string,
    options: {
      load: Load;
      rate: number;
      everyMs?: number;
      gatewayPort?: number;
      sessionId?: string;
      machine?: MachinePrograms | undefined;
    },
  ) {
    this.load = options.load;
    this.#rate = options.rate;
    this.#everyMs = options.everyMs ?? (options.load === 'echo' ? fastMs.echo : fastMs.slow);
    this.#machine = options.machine ?? thisMachine;
    this.terminal = new NodeTerminal(rest, agentId, {
      ...(options.gatewayPort === undefined ? {} : { gatewayPort: options.gatewayPort }),
      take: (bytes, rendered) => this.#take(bytes, rendered),
      gap: (from, to) => this.#fail(`a gap from ${from} to ${to}`),
      reported: ({ state }) => {
        this.states.push(state);
        this.#timeReconnect(state);
        this.#wake();
      },
    });
  }

  /** Numbered bytes that came so far. */
  get position(): number {
    return this.#position;
  }

  async start(): Promise<void> {
    await this.terminal.untilLive();
    const { node, numbered } = this.#machine;
    this.terminal.type(`stty raw -echo; exec '${node}' '${numbered}' ${this.load} ${this.#everyMs}\n`);
    await this.until('it starts', () => this.#stage === 'numbers');
    if (this.load === 'echo') this.#typing = setInterval(() => this.#typeMore(keysAtOnce), this.#everyMs);
  }

  /** Resolves when `bytes` more have come than at the moment of the call. */
  past(bytes: number, timeoutMs?: number): Promise<void> {
    const target = this.#position + bytes;
    return this.until(`${bytes} bytes after ${this.#position}`, () => this.#position >= target, timeoutMs);
  }

  /** Ends the program. Resolves when its account of the bytes agrees with what came (and with what was typed). */
  async finish(timeoutMs?: number): Promise<Account> {
    clearInterval(this.#typing);
    this.terminal.type(this.load === 'echo' ? Buffer.of(over) : 'q');
    await this.until('the account', () => this.#stage === 'over', timeoutMs);
    const account: Account = JSON.parse(this.#account);
    const seen = { bytes: this.#position, sha256: this.#hash.digest('hex') };
    if (account.bytes !== seen.bytes || account.sha256 !== seen.sha256)
      throw new Error(`${this.load}: written ${JSON.stringify(account)}, seen ${JSON.stringify(seen)}`);
    if (this.load === 'echo' && this.#typed !== account.bytes)
      throw new Error(`${this.#typed} bytes were typed, ${account.bytes} arrived`);
    this.terminal.close();
    return account;
  }

  async until(what: string, found: () => boolean, timeoutMs = 30_000): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, timeoutMs);
    try {
      while (!found()) {
        if (this.#fault !== undefined) throw this.#fault;
        if (late)
          throw new Error(
            `${this.load}, ${what}: not within ${timeoutMs} ms; at ${this.#position} of ${this.#typed} typed; ${JSON.stringify(this.terminal.state)} after ${this.states.join(', ')}`,
          );
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #timeReconnect(state: TerminalState['state']): void {
    if (state === 'reconnecting' || state === 'unreachable') this.#brokeAt ??= performance.now();
    if (state !== 'live' || this.#brokeAt === undefined) return;
    this.reconnectsMs.push(performance.now() - this.#brokeAt);
    this.#brokeAt = undefined;
  }

  #typeMore(bytes: number): void {
    this.terminal.type(numberedBytes(this.#typed, bytes));
    this.#typed += bytes;
  }

  #take(bytes: Uint8Array, rendered: () => void): void {
    let rest = bytes;
    while (rest.length > 0) rest = this.#step(rest);
    this.#wake();
    const now = performance.now();
    this.#paidUntil = Math.max(now, this.#paidUntil) + (bytes.length / this.#rate) * 1000;
    const wait = this.#paidUntil - now;
    if (wait < 4) rendered();
    else setTimeout(rendered, wait);
  }

  /** @returns what is left of `bytes` */
  #step(bytes: Uint8Array): Uint8Array {
    if (this.#stage === 'shell') {
      const at = bytes.indexOf(begin);
      if (at === -1) return bytes.subarray(bytes.length);
      this.#stage = 'numbers';
      return bytes.subarray(at + 1);
    }
    if (this.#stage === 'numbers') {
      const at = bytes.indexOf(end);
      const numbers = at === -1 ? bytes : bytes.subarray(0, at);
      this.#check(numbers);
      if (at === -1) return bytes.subarray(bytes.length);
      this.#stage = 'account';
      return bytes.subarray(at + 1);
    }
    const at = bytes.indexOf(over);
    this.#account += Buffer.from(at === -1 ? bytes : bytes.subarray(0, at)).toString('latin1');
    if (at !== -1) this.#stage = 'over';
    return bytes.subarray(bytes.length);
  }

  #check(bytes: Uint8Array): void {
    if (this.#fault !== undefined) return;
    const expected = numberedBytes(this.#position, bytes.length);
    if (!expected.equals(bytes)) {
      const at = expected.findIndex((byte, index) => byte !== bytes[index]);
      const was = Buffer.from(bytes.subarray(at, at + 80)).toString('latin1');
      this.#fail(`at ${this.#position + at} came ${JSON.stringify(was)}`);
      return;
    }
    this.#hash.update(bytes);
    this.#position += bytes.length;
  }

  #fail(what: string): void {
    this.#fault ??= new Error(`${this.load}: ${what}`);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
