import { type DownFrame, decodeDown, frameType } from '@webxterm/contracts/frames';
import type { AuditAction } from '@webxterm/contracts/rest';
import { type AppError, inRequestScope, type Logger, type RequestScope, toAppError } from '@webxterm/shared';
import { type AuditFact, type Auditor, refusalFact } from '@webxterm/shared/audit';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { type AttachmentEvents, refusalOf } from '../attachment/attachment.ts';
import { outputAfter } from '../attachment/frame-peek.ts';
import type { TerminalSlot } from '../attachment/open-terminal.ts';
import { leftOnPurpose } from '../websocket/viewer-context.ts';

export interface ForwardAuditOptions {
  readonly auditor: Pick<Auditor, 'record' | 'count'>;
  readonly logger: Logger;
}

const followed: ReadonlySet<number> = new Set([
  frameType.accepted,
  frameType.inputAck,
  frameType.ended,
  frameType.refused,
]);
/** A target is cut to what a detail can hold. */
const maxTarget = 256;

/** `ssh`: a connection to the ssh server of an agent, which has no target. */
export type Audited = 'forward' | 'ssh';

const actions = {
  forward: { opened: 'forward_opened', ended: 'forward_ended' },
  ssh: { opened: 'ssh_opened', ended: 'ssh_ended' },
} as const satisfies Record<Audited, Record<'opened' | 'ended', AuditAction>>;

/**
 * The rows of one WebSocket of a forwarded connection or an ssh connection: opened with its target, ended with its bytes and the reason. A client whose
 * connection broke attaches again by another WebSocket, which has rows of its own.
 */
export class ForwardAudit {
  readonly #options: ForwardAuditOptions;
  readonly #scope: RequestScope;
  readonly #actions: (typeof actions)[Audited];
  #request: AttachmentRequest | undefined;
  #opened = false;
  #ended = false;
  /** Offsets at the first attach of this WebSocket, and now. */
  #down = { from: 0, to: 0 };
  #up = { from: 0, to: 0 };
  #reason = 'left';

  constructor(options: ForwardAuditOptions, scope: RequestScope, what: Audited = 'forward') {
    this.#options = options;
    this.#scope = scope;
    this.#actions = actions[what];
  }

  /** Follows an attachment. If nothing can be audited, the connection is ended. */
  watch(request: AttachmentRequest, events: AttachmentEvents, leave: () => void): AttachmentEvents {
    this.#request = request;
    return {
      ...events,
      frame: (bytes) => {
        this.#follow(bytes, (error) => {
          leave();
          events.over(error);
        });
        events.frame(bytes);
      },
      over: (error) => {
        if (error !== undefined) this.#failed(error);
        events.over(error);
      },
    };
  }

  /** The slot of the WebSocket. The connection has ended when the slot is left. */
  slot(slot: TerminalSlot): TerminalSlot {
    return {
      ...slot,
      onEnd: (end) =>
        slot.onEnd((why) => {
          this.#reason = why;
          end(why);
        }),
      leave: () => {
        this.#end(this.#reason);
        slot.leave();
      },
    };
  }

  /** The client has closed its WebSocket with this code, or it broke. */
  closed(code: number): void {
    if (!leftOnPurpose(code)) this.#reason = 'broken';
  }

  #follow(bytes: Buffer, fail: (error: AppError) => void): void {
    const type = bytes[0];
    const after = outputAfter(bytes);
    if (type !== frameType.accepted && after !== undefined) this.#down.to = Math.max(this.#down.to, after);
    if (type !== undefined && followed.has(type)) this.#act(decodeDown(bytes), fail);
  }

  #act(frame: DownFrame, fail: (error: AppError) => void): void {
    if (frame.type === 'accepted' && !this.#opened) {
      this.#opened = true;
      this.#down = { from: frame.offset, to: frame.offset };
      this.#up = { from: frame.inputApplied, to: frame.inputApplied };
      const resumed = frame.created ? {} : { resumed: true };
      this.#record(this.#actions.opened, resumed).catch((error: unknown) => fail(toAppError(error)));
    } else if (frame.type === 'accepted') this.#up.to = Math.max(this.#up.to, frame.inputApplied);
    else if (frame.type === 'input_ack') this.#up.to = Math.max(this.#up.to, frame.applied);
    else if (frame.type === 'ended') this.#end(reasonOf(frame));
    else if (frame.type === 'refused') this.#failed(refusalOf(frame.code, frame.message));
  }

  #failed(error: AppError): void {
    if (this.#opened) this.#end(error.code);
    if (this.#ended) return;
    this.#ended = true;
    const { agentId = '' } = this.#request ?? {};
    const fact: AuditFact = {
      action: this.#actions.opened,
      ...refusalFact(error),
      agentId,
      details: this.#target,
    };
    const kind = `${error.code} ${this.#scope.caller?.userId} ${agentId}`;
    void inRequestScope(this.#scope, () => this.#options.auditor.count(kind, fact));
  }

  #end(reason: string): void {
    if (!this.#opened || this.#ended) return;
    this.#ended = true;
    const bytes = { bytes_up: this.#up.to - this.#up.from, bytes_down: this.#down.to - this.#down.from };
    this.#record(this.#actions.ended, bytes, reason).catch((error: unknown) =>
      this.#options.logger.error({ err: error }, 'the end of a forwarded connection could not be audited'),
    );
  }

  get #target(): { target?: string } {
    const { target } = this.#request ?? {};
    return target === undefined ? {} : { target: target.slice(0, maxTarget) };
  }

  #record(action: AuditFact['action'], more: NonNullable<AuditFact['details']>, reason?: string): Promise<void> {
    const { agentId = '', sessionId } = this.#request ?? {};
    return inRequestScope(this.#scope, () =>
      this.#options.auditor.record({
        action,
        agentId,
        ...(sessionId === undefined ? {} : { sessionId: sessionId.toString('base64url') }),
        ...(reason === undefined ? {} : { reason }),
        details: { ...this.#target, ...more },
      }),
    );
  }
}

/** `closed`: both sides ended their direction. `broken_off`: the connection to the target was reset or failed. */
const reasonOf = ({ cause, exitCode }: Extract<DownFrame, { type: 'ended' }>): string => {
  if (cause !== 'shell_exit') return cause;
  return exitCode === 0 ? 'closed' : 'broken_off';
};
