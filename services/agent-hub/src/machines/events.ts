import type { ServerResponse } from 'node:http';
import type { MachineAccessChange, MachineEvent } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { type Caller, hashSid } from '@webxterm/shared/api';
import type { AllowList } from '@webxterm/shared/bus';

import type { Person } from './access-rule.ts';
import type { Authorizer } from './authorize.ts';

const heartbeatMs = 15_000;
/** Streams of one person, over all their browsers; and of all people together. */
const maxPerUser = 16;
const maxStreams = 10_000;
/** Events that wait for a client that reads slowly, one per machine and kind; beyond it the stream is closed and the client comes again. */
const maxWaiting = 1000;
/** How long an answer of the access check is good for, unless a change is told before. */
const accessGoodMs = 5000;
const maxKnownAccess = 5000;

type EventKind = 'status' | 'stats';

export interface EventStreamOptions {
  readonly authorizer: Pick<Authorizer, 'access'>;
  readonly allowList: Pick<AllowList, 'peek' | 'isStale'>;
  readonly now: () => number;
}

/** Server-sent events of machines: each event is checked against what its reader may see now, not when the stream began. */
export class MachineEventStreams {
  readonly #options: EventStreamOptions;
  readonly #streams = new Set<EventStream>();
  /** How many streams each user has. */
  readonly #perUser = new Map<string, number>();
  #ending = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** Serves until the client leaves, the sign-in ends or the service does. @throws AppError too_many_requests */
  async serve(caller: Caller, response: ServerResponse): Promise<void> {
    const { userId } = caller;
    const mine = this.#perUser.get(userId) ?? 0;
    if (this.#ending || this.#streams.size >= maxStreams) throw new AppError('unavailable');
    if (mine >= maxPerUser)
      throw new AppError('too_many_requests', `You have ${maxPerUser} event streams open already.`);
    const stream = new EventStream(this.#options, caller, response);
    this.#streams.add(stream);
    this.#perUser.set(userId, mine + 1);
    // The sign-in may have ended before the stream stood among those that its end goes over.
    stream.endIfOver();
    try {
      await stream.ended;
    } finally {
      this.#streams.delete(stream);
      const left = (this.#perUser.get(userId) ?? 0) - 1;
      if (left > 0) this.#perUser.set(userId, left);
      else this.#perUser.delete(userId);
    }
  }

  tell(kind: EventKind, event: MachineEvent): void {
    for (const stream of this.#streams) stream.offer(kind, event);
  }

  /** Access to this machine changed, for one user or (null) for all: what was known counts no more, and whom it is about hears of it. */
  accessChanged({ agent_id, user_id, role }: MachineAccessChange & { user_id: string | null }): void {
    for (const stream of this.#streams) stream.accessChanged({ agent_id, role }, user_id);
  }

  /** A stream goes by the role that it began with: when the sign-in has another, or ends, so does the stream. */
  signinChanged(sidHash: string): void {
    for (const stream of this.#streams) if (stream.sidHash === sidHash) stream.endIfOver();
  }

  end(): void {
    this.#ending = true;
    for (const stream of this.#streams) stream.end();
  }
}

interface KnownAccess {
  readonly sees: Promise<boolean>;
  readonly until: number;
}

class EventStream {
  readonly person: Person;
  readonly sidHash: string;
  readonly ended: Promise<void>;
  readonly #options: EventStreamOptions;
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #access = new Map<string, KnownAccess>();
  readonly #waiting = new Map<string, string>();
  #blocked = false;

  constructor(options: EventStreamOptions, caller: Caller, response: ServerResponse) {
    this.#options = options;
    this.#response = response;
    this.person = { userId: caller.userId, role: caller.role };
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

  offer(kind: EventKind, event: MachineEvent): void {
    void this.#mayRead(event.agent_id).then((may) => {
      if (may) this.#send(`${kind} ${event.agent_id}`, `event: ${kind}\ndata: ${JSON.stringify(event)}\n\n`);
    });
  }

  /** Of a change for all only who was shown events of the machine hears: nobody else need know that there is one. */
  accessChanged(change: MachineAccessChange, userId: string | null): void {
    const { agent_id: agentId } = change;
    const shown = this.#access.get(agentId)?.sees;
    this.#access.delete(agentId);
    const tell = (): void => this.#send(`access ${agentId}`, `event: access\ndata: ${JSON.stringify(change)}\n\n`);
    if (userId === this.person.userId) tell();
    else if (userId === null) void shown?.then((sees) => sees && tell());
  }

  end(): void {
    this.#response.end();
  }

  endIfOver(): void {
    if (this.#signinOver()) this.end();
  }

  #mayRead(agentId: string): Promise<boolean> {
    const { authorizer, now } = this.#options;
    let known = this.#access.get(agentId);
    if (known === undefined || known.until <= now()) {
      const sees = authorizer.access(this.person, agentId).then(
        ({ rights }) => rights.includes('see'),
        () => false,
      );
      known = { sees, until: now() + accessGoodMs };
      if (this.#access.size >= maxKnownAccess) this.#access.clear();
      this.#access.set(agentId, known);
    }
    const asked = known;
    return asked.sees.then((sees) => {
      const current = this.#access.get(agentId);
      // A change was told while this was read: what was read may be older than it.
      return current === asked ? sees : this.#mayRead(agentId);
    });
  }

  #send(key: string, text: string): void {
    if (this.#response.writableEnded) return;
    if (this.#signinOver()) this.end();
    else if (this.#blocked) this.#wait(key, text);
    else this.#blocked = !this.#response.write(text);
  }

  /** Only the newest event of each machine and kind waits: a slow reader gets the present, not the past. */
  #wait(key: string, text: string): void {
    this.#waiting.set(key, text);
    if (this.#waiting.size > maxWaiting) this.#response.destroy();
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

  /** A list that is being read anew knows nobody yet; it tells later who is gone. */
  #signinOver(): boolean {
    const { allowList } = this.#options;
    if (allowList.isStale()) return false;
    const signin = allowList.peek(this.sidHash);
    return signin === undefined || signin.disabled || signin.role !== this.person.role;
  }

  #beat(): void {
    if (this.#signinOver()) this.end();
    else if (!this.#blocked) this.#response.write(': beat\n\n');
  }
}
