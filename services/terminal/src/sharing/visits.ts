import { inRequestScope, type Logger, type RequestScope, reasonOf } from '@webxterm/shared';
import type { AuditFact, Auditor } from '@webxterm/shared/audit';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import type { AttachmentEvents } from '../attachment/attachment.ts';
import type { TerminalSlot } from '../attachment/open-terminal.ts';
import type { Admission } from '../tickets/admission.ts';
import { VisitAudit } from './visit-audit.ts';

export interface VisitsOptions {
  readonly auditor: Pick<Auditor, 'record'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/** One terminal of a guest at this instance. */
export interface Visit {
  /** The guest's slot. To leave it ends the visit. */
  readonly slot: TerminalSlot;
  /** Events of the attachment, which are audited. */
  watch(request: AttachmentRequest, events: AttachmentEvents): AttachmentEvents;
}

/** The terminals of guests at this instance: ends them by share, and audits each. */
export class Visits {
  readonly #options: VisitsOptions;
  readonly #byShare = new Map<string, Set<TerminalSlot>>();

  constructor(options: VisitsOptions) {
    this.#options = options;
  }

  /** The shares by which guests are attached here. */
  get shareIds(): string[] {
    return [...this.#byShare.keys()];
  }

  /**
   * Registers the terminal of a guest. The share is read after that, so that either the reader or `end` notices a share that is revoked
   * meanwhile. Undefined: the terminal is the caller's own.
   */
  begin({ shareId, watches, kind }: Admission, slot: TerminalSlot, scope: RequestScope): Visit | undefined {
    if (shareId === undefined && watches !== true) return undefined;
    const leave = shareId === undefined ? () => {} : this.#enter(shareId, slot);
    const record = (fact: AuditFact): void => inRequestScope(scope, () => this.#record(fact));
    const audit = new VisitAudit(record, kind === 'pass', this.#options.now);
    return {
      slot: {
        ...slot,
        leave: () => {
          leave();
          slot.leave();
          audit.left();
        },
      },
      watch: (request, events) => ({
        ...events,
        frame: (bytes) => {
          audit.received(request, bytes);
          events.frame(bytes);
        },
      }),
    };
  }

  /** Ends the terminals of a share. */
  end(shareId: string): void {
    for (const slot of [...(this.#byShare.get(shareId) ?? [])]) slot.end('share_ended');
  }

  #enter(shareId: string, slot: TerminalSlot): () => void {
    const slots = this.#byShare.get(shareId) ?? new Set();
    this.#byShare.set(shareId, slots.add(slot));
    return () => {
      slots.delete(slot);
      if (slots.size === 0 && this.#byShare.get(shareId) === slots) this.#byShare.delete(shareId);
    };
  }

  #record(fact: AuditFact): void {
    this.#options.auditor.record(fact).catch((error: unknown) => {
      this.#options.logger.warn({ reason: reasonOf(error), action: fact.action }, 'a guest could not be audited');
    });
  }
}
