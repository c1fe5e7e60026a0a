import type { Connection } from 'mongoose';
import type { Logger } from '../../log/logger.ts';

/**
 * A change of the stored data of a service. An interrupted step is run again from its beginning. While instances are replaced, the previous
 * version still reads and writes the same data, so a step adds only what that version ignores, and removes only what it no longer needs.
 */
export interface MigrationStep {
  /** `0001-what-it-does`: numbered from 0001 without gaps. A released step keeps its name. */
  readonly name: string;
  /** Must create the indexes that it needs itself, because the other indexes are built after the last step. */
  readonly up: (connection: Connection, logger: Logger) => Promise<void>;
  /**
   * Runs the step at each start, even if it has run before, as long as instances of the previous version may write rows without its
   * additions. It must be cheap if there is nothing to do.
   */
  readonly atEachStart?: true;
}

/** @throws Error that names the first step whose number is out of order */
export const requireNumbered = (steps: readonly MigrationStep[]): void => {
  for (const [index, { name }] of steps.entries()) {
    const number = String(index + 1).padStart(4, '0');
    if (!new RegExp(`^${number}-[a-z0-9]+(-[a-z0-9]+)*$`).test(name))
      throw new Error(`migration ${name} must be called ${number}-what-it-does: steps are numbered in their order`);
  }
};

/** A failed step. The data stay as the step left them. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';

  constructor(step: string, database: string, cause: unknown) {
    super(
      `migration ${step} of the database ${database} failed: ${cause instanceof Error ? cause.message : cause}. ` +
        'Correct the cause and start the service again: the step is run from its beginning. Until then the previous version can use this database',
      { cause },
    );
  }
}
