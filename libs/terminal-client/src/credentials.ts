import type { TerminalClientOptions } from './api.ts';
import type { Clock } from './clock.ts';
import type { Patience } from './patience.ts';

/** A pass that runs out while the socket opens is of no use. */
const marginMs = 5000;

interface ResumePass {
  readonly token: string;
  readonly goodUntil: number;
}

/** What the next connection signs in with: a resume pass while one is good, else a ticket. */
export class Credentials {
  readonly #ticket: TerminalClientOptions['ticket'];
  readonly #clock: Clock;
  readonly #patience: Patience;
  #pass: ResumePass | undefined;
  /** The pass of the last dial, which may have come to nothing before the server saw it. */
  #tried: ResumePass | undefined;
  #sessionId: string | undefined;

  constructor(
    ticket: TerminalClientOptions['ticket'],
    clock: Clock,
    patience: Patience,
    sessionId: string | undefined,
  ) {
    this.#ticket = ticket;
    this.#clock = clock;
    this.#patience = patience;
    this.#sessionId = sessionId;
  }

  /** The session that is attached to: known as soon as a ticket named it. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** The server handed out a pass; it takes the place of the one before. */
  keepPass(token: string, expiresInMs: number): void {
    this.#pass = { token, goodUntil: this.#clock.now() + expiresInMs - marginMs };
    this.#tried = undefined;
  }

  dropPass(): void {
    this.#pass = undefined;
    this.#tried = undefined;
  }

  /**
   * A token for one connection. A pass is good once: should the connection fail, the next one asks for a ticket. When nobody answers
   * that either, the server was away, and the pass is worth another try: it saves the question.
   */
  async next(): Promise<string> {
    const pass = this.#pass;
    this.#pass = undefined;
    if (pass !== undefined && this.#clock.now() < pass.goodUntil) {
      this.#tried = pass;
      return pass.token;
    }
    const tried = this.#tried;
    this.#tried = undefined;
    try {
      const { ticket, sessionId } = await this.#inTime(this.#ticket(this.#sessionId));
      this.#sessionId = sessionId;
      return ticket;
    } catch (error) {
      this.#pass = tried;
      throw error;
    }
  }

  /** On a connection that died unnoticed a question would wait for minutes; a ticket that nobody waits for runs out by itself. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const stop = this.#patience.limit((reason) => late.reject(new Error(reason)));
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      stop();
    }
  }
}
