import type { OpenStream } from '@webxterm/contracts/grpc';
import type { Logger } from 'pino';
import { Screens } from '../screen/screens.ts';
import type { HandedSession } from './handed-session.ts';
import { recordingOf, sizeOf } from './open-request.ts';
import { Session } from './session.ts';
import { adoptedContent, newContent } from './session-content.ts';
import type { SessionKind } from './session-kind.ts';

export type SessionFactoryOptions = {
  /** The kinds of session that this agent offers. */
  kinds: readonly SessionKind[];
  /** Bytes of output that each session keeps. */
  ringSize: number;
  log: Logger;
  /** ms on a monotonic clock. */
  now(): number;
  onEnded(session: Session): void;
};

/** Makes the sessions of an agent: new ones, and those that an earlier agent process has handed over. */
export class SessionFactory {
  readonly kinds: ReadonlyMap<string, SessionKind>;
  readonly #options: SessionFactoryOptions;
  readonly #screens: Screens;

  constructor(options: SessionFactoryOptions) {
    this.#options = options;
    this.kinds = new Map(options.kinds.map((kind) => [kind.name, kind]));
    this.#screens = new Screens(options.log);
  }

  /** Starts the process of a new session. @throws Error with a message for the user if it cannot be started */
  async open(id: string, open: OpenStream, kind: SessionKind): Promise<Session> {
    const { ownerUserId, linuxUser, target, requestId, sessionId, rights } = open;
    const recording = recordingOf(open);
    const mustRecord = recording === 'required';
    const wanted = { size: sizeOf(open), sessionId, linuxUser, target, owner: ownerUserId, rights, mustRecord };
    const content = await newContent(kind, wanted, this.#screens);
    const session = this.#make({
      ...{ id, ownerUserId, kind: kind.name, target, rights, content },
      recording: kind.unrecorded === true ? undefined : recording,
    });
    this.#options.log.info(
      { session: id, kind: kind.name, target, user: ownerUserId, linux_user: linuxUser, request_id: requestId },
      'a session was opened',
    );
    return session;
  }

  /** Continues a session of an earlier agent process. @throws Error if it cannot be continued */
  adopt(handed: HandedSession): Session {
    const { id, ownerUserId, kind } = handed;
    return this.#make({ id, ownerUserId, kind, content: adoptedContent(handed, this.kinds, this.#screens), handed });
  }

  #make(
    own: Pick<
      ConstructorParameters<typeof Session>[0],
      'id' | 'ownerUserId' | 'kind' | 'target' | 'rights' | 'content' | 'handed' | 'recording'
    >,
  ) {
    const { ringSize: configured, log, now, onEnded } = this.#options;
    const { endsWithViewer, lossless, ringSize = configured } = this.kinds.get(own.kind) ?? {};
    const ended = (): void => onEnded(session);
    const session: Session = new Session({ ...own, endsWithViewer, lossless, ringSize, log, now, onEnded: ended });
    return session;
  }
}
