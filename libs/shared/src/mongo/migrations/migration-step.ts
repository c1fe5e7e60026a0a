import type { Connection } from 'mongoose';
import type { Logger } from '../../log/logger.ts';

/**
 * A change of what a service keeps. A step that was cut short is run again from its beginning, and the version before goes on to read
 * and write beside it while instances are replaced: a step adds what that version ignores, and removes only what it no longer needs.
 */
export interface MigrationStep {
  /** `0001-what-it-does`: numbered from 0001 without a gap; a released step keeps its name. */
  readonly name: string;
  /** It makes the indexes that it needs itself: the others are built after the last step. */
  readonly up: (connection: Connection, logger: Logger) => Promise<void>;
  /**
   * Run at each start, also where it was run before: for as long as instances of the version before may write rows without what it
   * adds. It must cost little where nothing is to be done.
   */
  readonly atEachStart?: true;
}

/** @throws Error that names the first step whose number is not the next one */
export const requireNumbered = (steps: readonly MigrationStep[]): void => {
  for (const [index, { name }] of steps.entries()) {
    const number = String(index + 1).padStart(4, '0');
    if (!new RegExp(`^${number}-[a-z0-9]+(-[a-z0-9]+)*$`).test(name))
      throw new Error(`migration ${name} must be called ${number}-what-it-does: steps are numbered in their order`);
  }
};

/** A step that failed: what is stored stays as the step left it. */
export class MigrationFailed extends Error {
  override readonly name = 'MigrationFailed';

  constructor(step: string, database: string, cause: unknown) {
    super(
      `migration ${step} of the database ${database} failed: ${cause instanceof Error ? cause.message : cause}. ` +
        'Mend the cause and start the service again: the step is run from its beginning. Until then the version before runs on this database',
      { cause },
    );
  }
}
