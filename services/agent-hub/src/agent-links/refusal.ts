import { type ErrorCode, errorCatalog } from '@webxterm/contracts/errors';
import type { Refused } from '@webxterm/contracts/grpc';
import { AppError } from '@webxterm/shared';
import { isMongoUnavailable } from '@webxterm/shared/mongo';

export interface RefusalOptions {
  readonly message?: string;
  readonly retryAfterMs?: number;
  /** The generation that the hub holds. The agent must raise its dial counter above it. */
  readonly generationHeld?: bigint;
}

/** A refused dial. The agent gets it as a `refused` message. */
export class LinkRefusal extends Error {
  override readonly name = 'LinkRefusal';
  readonly code: ErrorCode;
  /** Another dial with the same credentials can never succeed. */
  readonly permanent: boolean;
  readonly retryAfterMs: number;
  readonly generationHeld: bigint;

  constructor(code: ErrorCode, permanent: boolean, options: RefusalOptions = {}) {
    super(options.message ?? errorCatalog[code].message);
    this.code = code;
    this.permanent = permanent;
    this.retryAfterMs = options.retryAfterMs ?? 0;
    this.generationHeld = options.generationHeld ?? 0n;
  }

  toMessage(): Refused {
    return {
      code: this.code,
      message: this.message,
      permanent: this.permanent,
      retryAfterMs: this.retryAfterMs,
      generationHeld: this.generationHeld,
    };
  }
}

/** A temporary refusal for a dial that cannot be checked now. Such a dial must never be refused as a bad credential. */
export const retryLater = (message: string, retryAfterMs = 2000): LinkRefusal =>
  new LinkRefusal('unavailable', false, { message, retryAfterMs });

/** Maps each failure of a dial to a refusal. Unknown errors become temporary, because a fault of the server must not stop an agent forever. */
export const toRefusal = (error: unknown): LinkRefusal => {
  if (error instanceof LinkRefusal) return error;
  if (error instanceof AppError) {
    if (error.code === 'bad_api_key') return new LinkRefusal('bad_api_key', true);
    if (error.code === 'user_disabled') return new LinkRefusal('user_disabled', true);
    if (error.code === 'machine_revoked') return new LinkRefusal('machine_revoked', true);
    if (error.code === 'too_many_machines')
      return new LinkRefusal('too_many_machines', true, { message: error.message });
    if (error.code === 'machine_name_taken') return new LinkRefusal('machine_name_taken', true);
    return retryLater(error.message);
  }
  if (isMongoUnavailable(error)) return retryLater('The database does not answer right now.');
  return retryLater('The server failed to handle this dial.', 10_000);
};

/** The refusal for a key that another agent has replaced. */
export const replaced = (): LinkRefusal =>
  new LinkRefusal('machine_revoked', true, {
    message: 'Another agent has replaced this one. To add this machine too, run "vsay-agent configure" again.',
  });
