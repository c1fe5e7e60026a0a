import type { ServerResponse } from 'node:http';
import { type Caller, hashSid } from '@webxterm/shared/api';
import type { AllowList } from '@webxterm/shared/bus';

const heartbeatMs = 15_000;

export type StreamSignins = Pick<AllowList, 'peek' | 'isStale' | 'mustEnrol'>;

/** Server-sent events to one client, until it disconnects, its sign-in ends, or the stream is ended. */
export class EventStream {
  readonly sidHash: string;
  readonly ended: Promise<void>;
  readonly #response: ServerResponse;
  readonly #allowList: StreamSignins;
  readonly #role: Caller['role'];
  /** Above it the stream is closed, and the client reconnects. */
  readonly #maxWaiting: number;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #waiting = new Map<string, string>();
  #blocked = false;

  constructor(response: ServerResponse, caller: Caller, allowList: StreamSignins, maxWaiting: number) {
    this.#response = response;
    this.#allowList = allowList;
    this.#role = caller.role;
    this.#maxWaiting = maxWaiting;
    this.sidHash = hashSid(caller.sid);
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.write(': connected\n\n');
    response.on('drain', () => this.#flush());
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.ended = new Promise((resolve) => {
      response.on('close', () => {
        clearInterval(this.#heartbeat);
        resolve();
      });
    });
  }

  /** Sends an event. For a slow reader, only the latest event of each key waits, so it gets the current state. */
  send(key: string, event: string, data: object): void {
    if (this.#response.writableEnded) return;
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    if (this.#signinOver()) this.end();
    else if (this.#blocked) this.#wait(key, text);
    else this.#blocked = !this.#response.write(text);
  }

  end(): void {
    this.#response.end();
  }

  endIfOver(): void {
    if (this.#signinOver()) this.end();
  }

  #wait(key: string, text: string): void {
    this.#waiting.set(key, text);
    if (this.#waiting.size > this.#maxWaiting) this.#response.destroy();
  }

  #flush(): void {
    this.#blocked = false;
    for (const [key, text] of this.#waiting) {
      this.#waiting.delete(key);
      if (this.#response.write(text)) continue;
      this.#blocked = true;
      return;
    }
  }

  /** Whether the sign-in ended or changed its role. False while the allow-list is stale, because it may lack entries then. */
  #signinOver(): boolean {
    if (this.#allowList.isStale()) return false;
    const signin = this.#allowList.peek(this.sidHash);
    return signin === undefined || signin.disabled || this.#allowList.mustEnrol(signin) || signin.role !== this.#role;
  }

  #beat(): void {
    if (this.#signinOver()) this.end();
    else if (!this.#blocked) this.#response.write(': beat\n\n');
  }
}
