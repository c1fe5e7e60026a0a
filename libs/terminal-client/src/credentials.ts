import type { TerminalClientOptions } from './api.ts';
import type { Clock } from './clock.ts';

/** A pass that runs out while the socket opens is of no use. */
const marginMs = 5000;
/** A question that the server does not answer is given up after this: on a connection that died unnoticed it would wait for minutes. */
export const ticketWithinMs = 10_000;

/** What the next connection signs in with: a resume pass while one is good, else a ticket. */
export class Credentials {
  readonly #ticket: TerminalClientOptions['ticket'];
  readonly #clock: Clock;
  #pass: { token: string; goodUntil: number } | undefined;
  #sessionId: string | undefined;

  constructor(ticket: TerminalClientOptions['ticket'], clock: Clock, sessionId: string | undefined) {
    this.#ticket = ticket;
    this.#clock = clock;
    this.#sessionId = sessionId;
  }

  /** The session that is attached to: known as soon as a ticket named it. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** The server handed out a pass; it takes the place of the one before. */
  keepPass(token: string, expiresInMs: number): void {
    this.#pass = { token, goodUntil: this.#clock.now() + expiresInMs - marginMs };
  }

  dropPass(): void {
    this.#pass = undefined;
  }

  /** A token for one connection. A pass is good once: should the connection fail, the next one asks for a ticket. */
  async next(): Promise<string> {
    const pass = this.#pass;
    this.#pass = undefined;
    if (pass !== undefined && this.#clock.now() < pass.goodUntil) return pass.token;
    const { ticket, sessionId } = await this.#inTime(this.#ticket(this.#sessionId));
    this.#sessionId = sessionId;
    return ticket;
  }

  /** What comes too late is of no use: a ticket that nobody waits for runs out by itself. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const stop = this.#clock.after(ticketWithinMs, () => late.reject(new Error('the server did not answer in time')));
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      stop();
    }
  }
}
