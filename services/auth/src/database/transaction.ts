import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError } from '@webxterm/shared';
import type { ClientSession, Connection } from 'mongoose';

/** Time limit of a transaction in ms. The driver itself would retry for 120 s, which is too long for a sign-in. */
const deadlineMs = 5000;

/**
 * Runs `work` in a transaction, and again when it conflicts with another one. When this resolves, a majority has committed it.
 * @throws AppError unavailable when the database did not respond in time, in which case it may still be committed
 */
export const inTransaction = async <T>(
  connection: Connection,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> => {
  const session = await connection.startSession();
  const startedAt = performance.now();
  const late = (): AppError =>
    new AppError('unavailable', 'The database does not answer right now. Try again shortly.');
  const attempts = session
    .withTransaction(
      async () => {
        if (performance.now() - startedAt > deadlineMs) throw late();
        return work(session);
      },
      { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } },
    )
    .finally(() => session.endSession());
  // A late transaction ends by its own deadline.
  return withinDeadline(deadlineMs, attempts, late);
};
