import { decodeDown, frameType } from '@webxterm/contracts/frames';
import { inRequestScope, type Logger, type RequestScope, reasonOf } from '@webxterm/shared';
import type { AuditFact, Auditor } from '@webxterm/shared/audit';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import type { AttachmentEvents } from '../attachment/attachment.ts';
import type { TerminalSlot } from '../attachment/open-terminal.ts';
import type { Admission } from '../tickets/admission.ts';
import { visitFact } from './audit.ts';

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

/** Two periods of typing with less time between them are one row of the audit log, in ms. */
const oneRowMs = 60_000;

/** The terminals of guests at this instance: ends them by share, and audits who joined, typed and left. */
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

/** What the audit log says about one visit. The machine says when the guest typed. */
class VisitAudit {
  readonly #record: (fact: AuditFact) => void;
  readonly #returning: boolean;
  readonly #now: () => number;
  #request: AttachmentRequest | undefined;
  #typing: { readonly from: number; to: number } | undefined;
  #types = false;

  /** `returning`: the guest attaches again after a break. */
  constructor(record: (fact: AuditFact) => void, returning: boolean, now: () => number) {
    this.#record = record;
    this.#returning = returning;
    this.#now = now;
  }

  received(request: AttachmentRequest, bytes: Buffer): void {
    if (bytes[0] === frameType.accepted && this.#request === undefined) {
      this.#request = request;
      const action = request.share === undefined ? 'terminal_watched' : 'share_joined';
      if (!this.#returning) this.#record(visitFact(request, action, this.#now()));
    } else if (bytes[0] === frameType.presence) {
      const frame = decodeDown(bytes);
      if (frame.type !== 'presence') return;
      this.#typed(frame.participants.some(({ number, types }) => types && number === frame.you));
    }
  }

  left(): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#typed(false);
    this.#settle();
    if (request.share !== undefined) this.#record(visitFact(request, 'share_left', this.#now()));
  }

  #typed(types: boolean): void {
    const now = this.#now();
    if (this.#typing !== undefined && this.#types) this.#typing.to = now;
    if (types && !this.#types) {
      if (this.#typing !== undefined && now - this.#typing.to > oneRowMs) this.#settle();
      this.#typing ??= { from: now, to: now };
    }
    this.#types = types;
  }

  #settle(): void {
    const [typing, request] = [this.#typing, this.#request];
    this.#typing = undefined;
    if (typing === undefined || request === undefined) return;
    const details = { from: new Date(typing.from).toISOString(), to: new Date(typing.to).toISOString() };
    this.#record(visitFact(request, 'share_typed', this.#now(), details));
  }
}
