import type { EndCause } from '@webxterm/contracts/frames';
import { maxWinsize } from '@webxterm/contracts/frames';
import {
  EdgeKind,
  type OpenStream,
  Role,
  type SessionEnded,
  type SessionInfo,
  type SessionTitle,
} from '@webxterm/contracts/grpc';
import type { AttachmentTransport } from '../attachment/outgoing.ts';
import { describeError } from '../failure.ts';
import type { ScreenSnapshot } from '../screen/messages.ts';
import { LinuxUserRefused } from '../shell/linux-users.ts';
import type { HandedSession } from './handed-session.ts';
import { KindPlaces } from './kind-places.ts';
import {
  type Answer,
  hasGrant,
  invalidRequest,
  kindOf,
  notYours,
  recordingOf,
  refused,
  sizeOf,
  unknownSession,
  viewerOf,
} from './open-request.ts';
import type { Session } from './session.ts';
import { SessionFactory, type SessionFactoryOptions } from './session-factory.ts';
import { brokenViewerMs, type SessionKind, SessionRefused, type WindowSize } from './session-kind.ts';
import { endOf, infoOf } from './session-messages.ts';

export type SessionsOptions = SessionFactoryOptions & {
  /** Limit of live sessions. */
  maxSessions: number;
  /** A session whose owner is not attached ends after this time. */
  detachedMs: number;
  /** A terminal that is not used for so long ends. Undefined: this machine has no limit. */
  idleMs?: number | undefined;
};

/** Limit of attachments per session, which bounds the cost of a hostile owner. */
const maxAttachments = 64;
/** Limit of guests among them, so that the owner can always attach. */
const maxGuests = 50;
/** Ring and result of an ended session are kept for this time, or until all its viewers have received the end. */
const endedLifeMs = 10 * 60_000;
/** Limit of ended sessions, because their rings use memory. */
const maxEnded = 32;

/** All sessions of this machine, and the check of who may attach. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #factory: SessionFactory;
  readonly #sessions = new Map<string, Session>();
  /** Sessions whose process is being started, so that concurrent requests get the same one. */
  readonly #opening = new Map<string, Promise<Session>>();
  /** The limit of the installation. */
  #idleMs: number | undefined;
  readonly #places = new KindPlaces((id) => this.#isAlive(id));

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#factory = new SessionFactory(options);
  }

  /** The names of the kinds of session. */
  get kinds(): readonly string[] {
    return [...this.#factory.kinds.keys()];
  }

  /** Number of sessions that are alive or being started. */
  get aliveCount(): number {
    let alive = this.#opening.size;
    for (const session of this.#sessions.values()) if (session.state.state !== 'ended') alive += 1;
    return alive;
  }

  /** Whether there is no session: none alive or being started, and no ended one whose last output a viewer may still fetch. */
  get isEmpty(): boolean {
    return this.#sessions.size === 0 && this.#opening.size === 0;
  }

  /**
   * Handles open_stream: attaches, after opening the session if requested, or returns the frame with the reason of the refusal. The hub
   * decides who attaches to whose session and by which grant, but cannot change the owner of an existing session.
   */
  async attach(open: OpenStream, transport: AttachmentTransport): Promise<Answer> {
    const invalid = invalidRequest(open);
    if (invalid !== undefined) return refused('invalid_input', invalid);
    const id = open.sessionId.toString('hex');
    const opening = this.#opening.get(id);
    // Waits only if a session is being started. Otherwise an immediately following request to end the session would not find it in the list.
    const known = this.#sessions.get(id) ?? (opening && (await opening.catch(() => undefined)));
    if (known === undefined && !open.create) return unknownSession;
    if (known === undefined && open.role !== Role.ROLE_CONTROL) {
      return refused('view_only', 'A user who may only look on cannot open a session.');
    }
    if (!hasGrant(open) || (known !== undefined && known.ownerUserId !== open.ownerUserId)) {
      return notYours;
    }
    const name = kindOf(open);
    const kind = this.#factory.kinds.get(name);
    if (kind === undefined) {
      return refused(
        'kind_not_supported',
        `This agent has no sessions of kind ${name}, only of: ${this.kinds.join(', ')}.`,
      );
    }
    const full = known === undefined ? this.#full(id, kind, open.ownerUserId) : undefined;
    if (full !== undefined) return refused('too_many_sessions', full);
    try {
      const session = known ?? (await this.#open(id, open, kind));
      if (session.ownerUserId !== open.ownerUserId) return notYours;
      if (session.kind !== name) {
        return refused('invalid_input', `This session is of kind ${session.kind}, not ${name}.`);
      }
      if (session.target !== undefined && session.target !== open.target) {
        return refused('invalid_input', 'This session has another target.');
      }
      if (session.rights.some((right) => !open.rights.includes(right))) {
        session.end('access_revoked');
        return refused('view_only', 'You have lost a right that this connection was opened with.');
      }
      // A viewer that attaches again replaces its old attachment, which may not have been detected as dead yet.
      const viewer = viewerOf(open);
      if (viewer.role !== 'record' && session.attachmentCount >= maxAttachments && !session.has(viewer)) {
        return refused('too_many_streams', `This session already has ${maxAttachments} viewers.`);
      }
      const { participants } = session;
      if (participants.isGuest({ viewer }) && participants.guestCount >= maxGuests && !session.has(viewer)) {
        return refused('too_many_streams', `This session already has ${maxGuests} guests.`);
      }
      const created = known === undefined;
      const from = open.from === undefined ? undefined : Number(open.from);
      return {
        attachment: session.attach({
          viewer,
          created,
          from,
          size: sizeOf(open),
          repaints: open.edge === EdgeKind.EDGE_KIND_V1,
          recording: recordingOf(open),
          transport,
        }),
      };
    } catch (error) {
      if (error instanceof LinuxUserRefused) return refused('linux_user_refused', error.message);
      if (error instanceof SessionRefused) return refused(error.code, error.message);
      const { code, what } = kind.notStarted;
      this.#options.log.error({ session: id, kind: name, err: error }, 'the session could not be started');
      return refused(code, `The machine could not start ${what}: ${describeError(error)}`);
    }
  }

  /** Ends a session, even if its process is still being started. If an owner is given, only a session of that owner. */
  end(sessionId: Uint8Array, cause: EndCause, ownerUserId = ''): void {
    this.#endOne(Buffer.from(sessionId).toString('hex'), cause, ownerUserId);
  }

  /** Whether the session exists on this machine, including ended and starting ones. */
  knows(sessionId: Uint8Array): boolean {
    const id = Buffer.from(sessionId).toString('hex');
    return this.#sessions.has(id) || this.#opening.has(id);
  }

  /** Ends all sessions of a user. */
  endOwned(ownerUserId: string, cause: EndCause): void {
    for (const id of [...this.#sessions.keys(), ...this.#opening.keys()]) this.#endOne(id, cause, ownerUserId);
  }

  #endOne(id: string, cause: EndCause, ownerUserId: string): void {
    const end = (session: Session): void => {
      if (ownerUserId === '' || session.ownerUserId === ownerUserId) session.end(cause);
    };
    const session = this.#sessions.get(id);
    if (session !== undefined) end(session);
    this.#opening.get(id)?.then(end, () => undefined);
  }

  /** Empty `userId`: any user, as a hub of the previous version requests. */
  resize(sessionId: Uint8Array, viewerId: Uint8Array, userId: string, size: WindowSize): void {
    if (size.cols < 1 || size.rows < 1 || size.cols > maxWinsize || size.rows > maxWinsize) return;
    this.#sessions
      .get(Buffer.from(sessionId).toString('hex'))
      ?.resizeFor({ viewerId: Buffer.from(viewerId).toString('hex'), userId }, size);
  }

  /** All sessions of this agent, for the list after a welcome. */
  list(): SessionInfo[] {
    return [...this.#sessions.values()].map(infoOf);
  }

  /** The titles of the live sessions. */
  titles(): SessionTitle[] {
    return [...this.#sessions.values()]
      .filter(({ state }) => state.state === 'live')
      .map(({ id, title }) => ({ sessionId: Buffer.from(id, 'hex'), ...title }));
  }

  /** The results of the ended sessions. */
  listEnded(): SessionEnded[] {
    return [...this.#sessions.values()].map(endOf).filter((end) => end !== undefined);
  }

  /** The limit of the installation for terminals that are not used. Undefined: it has none. That of this machine applies if it is shorter. */
  limitIdle(ms: number | undefined): void {
    this.#idleMs = ms;
  }

  /** Ends and forgets sessions whose time is over. Called about once a second. */
  tick(): void {
    const now = this.#options.now();
    const ended: Session[] = [];
    const limits = [this.#options.idleMs, this.#idleMs].filter((ms) => ms !== undefined);
    const idleMs = limits.length === 0 ? undefined : Math.min(...limits);
    for (const session of this.#sessions.values()) {
      session.tick(idleMs);
      if (session.state.state === 'ended') ended.push(session);
      else if ((session.detachedFor(now) ?? 0) > this.#mayBeDetachedMs(session)) session.end('detach_timeout');
    }
    for (const [index, session] of ended.entries()) {
      const tooMany = index < ended.length - maxEnded;
      const over = session.seenToTheEnd || (session.endedFor(now) ?? 0) > this.#keptAfterEndMs(session);
      if (session.isUnread && (over || tooMany)) this.#forget(session);
    }
  }

  /** Ends all sessions because the agent stops: reports it to every viewer, and hangs up every process. */
  abandonAll(): void {
    for (const session of this.#sessions.values()) session.abandon();
    for (const opening of this.#opening.values()) {
      opening.then(
        (session) => session.abandon(),
        () => undefined,
      );
    }
  }

  /** Whether another agent process can continue every session now. */
  get canBeHandedOver(): boolean {
    return this.#opening.size === 0 && [...this.#sessions.values()].every((session) => session.canBeHandedOver);
  }

  /** Stops output and input of all sessions until it is called with false. */
  freeze(frozen: boolean): void {
    for (const session of this.#sessions.values()) session.freeze(frozen);
  }

  /** The screens of all sessions, which are frozen. */
  async snapshots(): Promise<ReadonlyMap<string, ScreenSnapshot | undefined>> {
    const all = [...this.#sessions.values()];
    return new Map(await Promise.all(all.map(async (session) => [session.id, await session.snapshot()] as const)));
  }

  /** How another agent process continues the sessions. @throws Error if one of them cannot be continued */
  handOver(screens: ReadonlyMap<string, ScreenSnapshot | undefined>): HandedSession[] {
    return [...this.#sessions.values()].map((session) => session.handOver(screens.get(session.id)));
  }

  /** Continues the sessions of an earlier agent process. A session that cannot be continued is logged and left out. */
  adopt(all: readonly HandedSession[]): void {
    for (const handed of all)
      try {
        this.#sessions.set(handed.id, this.#factory.adopt(handed));
      } catch (error) {
        this.#options.log.error(
          { session: handed.id, err: error },
          'a session of the previous version cannot be continued',
        );
      }
  }

  #forget(session: Session): void {
    this.#sessions.delete(session.id);
    session.forget();
  }

  /** A viewer whose connection broke may come back for the last output of a session that loses none. */
  #keptAfterEndMs({ endsWithViewer, lossless }: Session): number {
    if (!endsWithViewer) return endedLifeMs;
    return lossless ? brokenViewerMs : -1;
  }

  #mayBeDetachedMs({ endsWithViewer }: Session): number {
    return endsWithViewer ? brokenViewerMs : this.#options.detachedMs;
  }

  /** Why no further session of this kind can be opened. Undefined: one can. */
  #full(id: string, kind: SessionKind, owner: string): string | undefined {
    const { maxSessions } = this.#options;
    if (this.#opening.has(id)) return undefined;
    if (kind.bounds === undefined && this.#countAgainstMax >= maxSessions)
      return `This machine already has ${maxSessions} sessions. End one and try again.`;
    return this.#places.full(kind, owner);
  }

  /** Sessions of kinds without bounds of their own, with those that are being started. */
  get #countAgainstMax(): number {
    let count = 0;
    for (const id of this.#opening.keys()) if (!this.#places.has(id)) count += 1;
    for (const { kind, state } of this.#sessions.values())
      if (state.state !== 'ended' && this.#factory.kinds.get(kind)?.bounds === undefined) count += 1;
    return count;
  }

  #isAlive(id: string): boolean {
    const state = this.#sessions.get(id)?.state.state;
    return this.#opening.has(id) || (state !== undefined && state !== 'ended');
  }

  #open(id: string, open: OpenStream, kind: SessionKind): Promise<Session> {
    const already = this.#opening.get(id);
    if (already !== undefined) return already;
    this.#places.take(id, kind, open.ownerUserId);
    const opening = this.#start(id, open, kind).finally(() => this.#opening.delete(id));
    this.#opening.set(id, opening);
    return opening;
  }

  async #start(id: string, open: OpenStream, kind: SessionKind): Promise<Session> {
    const session = await this.#factory.open(id, open, kind);
    this.#sessions.set(id, session);
    return session;
  }
}
