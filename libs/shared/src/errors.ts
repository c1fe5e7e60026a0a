import { type ErrorCode, errorCatalog } from '@webxterm/contracts/errors';
import type { SecondFactorChallenge } from '@webxterm/contracts/rest';

export interface AppErrorOptions {
  /** The invalid fields, with invalid_input. */
  readonly details?: readonly { path: string; message: string }[];
  /** How the sign-in goes on, with second_factor_required. */
  readonly secondFactor?: SecondFactorChallenge;
  /** Sent as Retry-After with 429 and 503. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An error with a code of the error catalog. Its message is for people and may be sent to clients. Its cause must stay in the cluster. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: AppErrorOptions['details'];
  readonly secondFactor: AppErrorOptions['secondFactor'];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string = errorCatalog[code].message, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.secondFactor = options.secondFactor;
    this.retryAfterSeconds = options.retryAfterSeconds ?? (this.status === 503 || this.status === 429 ? 5 : undefined);
  }

  get status(): number {
    return errorCatalog[this.code].status;
  }
}

/** The message of any thrown value, for a log line or an error text. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
