import { type ErrorCode, errorCatalog } from '@webxterm/contracts/errors';

export interface AppErrorOptions {
  /** Each field that is wrong, with invalid_input. */
  readonly details?: readonly { path: string; message: string }[];
  /** Seconds; sent as Retry-After with 429 and 503. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An error with a code from the list. Its message is for a person and may leave the cluster; its cause may not. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: AppErrorOptions['details'];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string = errorCatalog[code].message, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds ?? (this.status === 503 || this.status === 429 ? 5 : undefined);
  }

  get status(): number {
    return errorCatalog[this.code].status;
  }
}
