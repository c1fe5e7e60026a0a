import { decodeDown, frameType } from '@webxterm/contracts/frames';
import type { AuditFact } from '@webxterm/shared/audit';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { visitFact } from './audit.ts';

/** Two periods of typing with less time between them are one row of the audit log, in ms. */
const oneRowMs = 60_000;

/** Records one visit in the audit log: when the guest joined, typed and left. The machine reports when the guest typed. */
export class VisitAudit {
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
