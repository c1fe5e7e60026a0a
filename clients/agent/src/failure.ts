/**
 * 1: failure on this machine. 2: bad usage or configuration. 3: permanent refusal, so a service manager must not restart the agent. 4:
 * uninstalled, but the server still has the machine.
 */
export const exitCode = { failure: 1, usage: 2, refused: 3, entryLeft: 4 } as const;

/** Ends a CLI command. The message is a full sentence for the user and says what to do. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(message: string, code: number = exitCode.failure, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = code;
  }
}

export const describeError = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The `code` of a system error (ENOENT, EACCES), or undefined for other errors. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
