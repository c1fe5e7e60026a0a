/** 1: something on this machine; 2: bad usage or configuration; 3: refused for good (no service manager should restart it). */
export const exitCode = { failure: 1, usage: 2, refused: 3 } as const;

/** Ends a command of the CLI: the message is a whole sentence for a person, with what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(message: string, code: number = exitCode.failure, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = code;
  }
}

export const describeError = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The `code` of a system error (ENOENT, EACCES); undefined for everything else. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
