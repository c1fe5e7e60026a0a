import type { ServerResponse } from 'node:http';
import type { MachineAccessChange, MachineEvent } from '@webxterm/contracts/rest';
import { isLimitedToMachines } from '@webxterm/contracts/token-scopes';
import { AppError, Places } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import { EventStream, type StreamSignins } from '../event-streams/event-stream.ts';
import type { Person } from './access-rule.ts';
import type { Authorizer } from './authorize.ts';

const streamLimits = {
  each: { most: 16, message: 'You already have 16 open event streams.' },
  all: { most: 10_000, code: 'unavailable' },
} as const;
/** Events queued for a slow client, one per machine and kind. Above this limit the stream is closed, and the client reconnects. */
const maxWaiting = 1000;
/** How long a result of the access check is cached, unless a change of access is reported earlier. */
const accessGoodMs = 5000;
const maxKnownAccess = 5000;

type EventKind = 'status' | 'stats';

export interface EventStreamOptions {
  readonly authorizer: Pick<Authorizer, 'access'>;
  readonly allowList: StreamSignins;
  readonly now: () => number;
}

/** Server-sent events of machines. Each event is checked against the current access of its reader. */
export class MachineEventStreams {
  readonly #options: EventStreamOptions;
  readonly #streams = new Set<MachineEventStream>();
  readonly #places = new Places(streamLimits);
  #ending = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** Serves a stream until the client disconnects, the sign-in ends or the service shuts down. @throws AppError too_many_requests, unavailable */
  async serve(caller: Caller, response: ServerResponse): Promise<void> {
    if (this.#ending) throw new AppError('unavailable');
    await this.#places.within(caller.userId, async () => {
      const stream = new MachineEventStream(this.#options, caller, response);
      this.#streams.add(stream);
      // The sign-in may have ended before the stream was added to the set.
      stream.stream.endIfOver();
      try {
        await stream.stream.ended;
      } finally {
        this.#streams.delete(stream);
      }
    });
  }

  send(kind: EventKind, event: MachineEvent): void {
    for (const stream of this.#streams) stream.offer(kind, event);
  }

  /** Access to this machine changed, for one user or for all (`user_id` null). Drops cached access, and notifies the affected users. */
  accessChanged({ agent_id, user_id, role }: MachineAccessChange & { user_id: string | null }): void {
    for (const stream of this.#streams) stream.accessChanged({ agent_id, role }, user_id);
  }

  /** Ends streams whose sign-in ended or changed its role, because a stream uses the role that it started with. */
  signinChanged(sidHash: string): void {
    for (const { stream } of this.#streams) if (stream.sidHash === sidHash) stream.endIfOver();
  }

  end(): void {
    this.#ending = true;
    for (const { stream } of this.#streams) stream.end();
  }
}

interface KnownAccess {
  readonly sees: Promise<boolean>;
  readonly until: number;
}

/** The stream of one reader. */
class MachineEventStream {
  readonly stream: EventStream;
  readonly #person: Person;
  readonly #options: EventStreamOptions;
  readonly #access = new Map<string, KnownAccess>();

  constructor(options: EventStreamOptions, caller: Caller, response: ServerResponse) {
    this.#options = options;
    const { userId, role, token } = caller;
    this.#person = { userId, role, token };
    this.stream = new EventStream(response, caller, options.allowList, maxWaiting);
  }

  offer(kind: EventKind, event: MachineEvent): void {
    void this.#mayRead(event.agent_id).then((may) => {
      if (may) this.stream.send(`${kind} ${event.agent_id}`, kind, event);
    });
  }

  /** A change for all users is sent only to readers who have seen the machine. Others must not learn that it exists. */
  accessChanged(change: MachineAccessChange, userId: string | null): void {
    const { agent_id: agentId } = change;
    const shown = this.#access.get(agentId)?.sees;
    this.#access.delete(agentId);
    const send = (): void => this.stream.send(`access ${agentId}`, 'access', change);
    const { token } = this.#person;
    // A token must not learn of machines that it does not reach.
    if (userId === this.#person.userId && token !== undefined && isLimitedToMachines(token))
      void (shown ?? this.#mayRead(agentId)).then((sees) => sees && send());
    else if (userId === this.#person.userId) send();
    else if (userId === null) void shown?.then((sees) => sees && send());
  }

  #mayRead(agentId: string): Promise<boolean> {
    const { authorizer, now } = this.#options;
    let known = this.#access.get(agentId);
    if (known === undefined || known.until <= now()) {
      const sees = authorizer.access(this.#person, agentId).then(
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
      // If access changed during the read, the result may be outdated, so it is read again.
      return current === asked ? sees : this.#mayRead(agentId);
    });
  }
}
