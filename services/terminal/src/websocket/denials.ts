import { decodeDown, frameType } from '@webxterm/contracts/frames';
import { type AppError, inRequestScope, type RequestScope } from '@webxterm/shared';
import { type Auditor, refusalFact } from '@webxterm/shared/audit';
import { type AttachmentEvents, refusalOf } from '../attachment/attachment.ts';

/** The target of a denied request. */
interface Wanted {
  readonly agentId: string;
  readonly sessionId?: string | undefined;
}

/** Audits denied access to machines and sessions. Other errors are not audited. */
export class Denials {
  readonly #auditor: Pick<Auditor, 'count'>;

  constructor(auditor: Pick<Auditor, 'count'>) {
    this.#auditor = auditor;
  }

  /** Records at most one row a minute for the same user (or address), machine and reason. */
  note(error: AppError, scope: RequestScope, { agentId, sessionId }: Wanted): void {
    const { result, reason } = refusalFact(error);
    if (result !== 'denied') return;
    const who = scope.caller?.userId ?? scope.clientIp;
    const session = sessionId === undefined ? {} : { sessionId };
    const fact = { action: 'terminal_denied', result, reason, agentId, ...session } as const;
    void inRequestScope(scope, () => this.#auditor.count(`${reason} ${who} ${agentId}`, fact));
  }

  /** Wraps attachment events so that refusals by the hub or the machine are audited. */
  watch(events: AttachmentEvents, scope: RequestScope, wanted: Wanted): AttachmentEvents {
    return {
      ...events,
      frame: (bytes) => {
        if (bytes[0] === frameType.refused) {
          const frame = decodeDown(bytes);
          if (frame.type === 'refused') this.note(refusalOf(frame.code, frame.message), scope, wanted);
        }
        events.frame(bytes);
      },
      over: (error) => {
        if (error !== undefined) this.note(error, scope, wanted);
        events.over(error);
      },
    };
  }
}
