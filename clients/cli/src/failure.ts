/**
 * Exit codes of vsay's own failures. They are above 128 + the largest signal number, so that `exec` and `connect` can pass on every code
 * that a shell uses, except these.
 */
export const exitCode = {
  usage: 250,
  notFound: 251,
  refused: 252,
  signedOut: 253,
  unreachable: 254,
  failure: 255,
} as const;

/** Ends a command. The message is a full sentence for the user and says what to do. */
export class Failure extends Error {
  readonly exitCode: number;
  override readonly name = 'Failure';

  constructor(message: string, code: number = exitCode.failure) {
    super(message);
    this.exitCode = code;
  }
}

/** The `code` of a system error (ENOENT, EACCES), or undefined for other errors. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
