import { decodeDown, frameType } from '@webxterm/contracts/frames';
import { type AppError, inRequestScope, type RequestScope } from '@webxterm/shared';
import { type Auditor, refusalFact } from '@webxterm/shared/audit';
import { type AttachmentEvents, refusalOf } from '../attachment/attachment.ts';

/** To what somebody was not let in. */
interface Wanted {
  readonly agentId: string;
  readonly sessionId?: string | undefined;
}

/** Audits who was not let in to a machine or session. What went wrong in other ways is no denial. */
export class Denials {
  readonly #auditor: Pick<Auditor, 'count'>;

  constructor(auditor: Pick<Auditor, 'count'>) {
    this.#auditor = auditor;
  }

  /** One row a minute for the same person, machine and reason. */
  note(error: AppError, scope: RequestScope, { agentId, sessionId }: Wanted): void {
    const { result, reason } = refusalFact(error);
    if (result !== 'denied') return;
    const who = scope.caller?.userId ?? scope.clientIp;
    const session = sessionId === undefined ? {} : { sessionId };
    const fact = { action: 'terminal_denied', result, reason, agentId, ...session } as const;
    void inRequestScope(scope, () => this.#auditor.count(`${reason} ${who} ${agentId}`, fact));
  }

  /** The same events, with the refusals among them noted: those of the hub and those of the machine. */
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
