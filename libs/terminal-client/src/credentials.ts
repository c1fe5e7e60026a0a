import type { TerminalClientOptions } from './api.ts';
import type { Clock } from './clock.ts';
import type { Patience } from './patience.ts';

/** Reserve so that a pass does not expire while the socket opens. */
const marginMs = 5000;

interface ResumePass {
  readonly token: string;
  readonly goodUntil: number;
}

/** The credential for the next connection: a valid resume pass, or else a new ticket. */
export class Credentials {
  readonly #ticket: TerminalClientOptions['ticket'];
  readonly #clock: Clock;
  readonly #patience: Patience;
  #pass: ResumePass | undefined;
  /** The pass of the last attempt. The server may not have received it. */
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

  /** The session id, known once a ticket has named it. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** Stores a new pass from the server. It replaces the previous one. */
  keepPass(token: string, expiresInMs: number): void {
    this.#pass = { token, goodUntil: this.#clock.now() + expiresInMs - marginMs };
    this.#tried = undefined;
  }

  dropPass(): void {
    this.#pass = undefined;
    this.#tried = undefined;
  }

  /**
   * A token for one connection. A pass is valid once, so if the connection fails, the next call requests a ticket. If that request fails
   * too, the server was unreachable and the pass may be unused. Then the next call tries the pass again, which saves a request.
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

  /** Without a time limit, a request on a dead connection would wait for minutes. An unused ticket expires by itself. */
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
