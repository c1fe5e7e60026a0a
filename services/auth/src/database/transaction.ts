import { withinDeadline } from '@webxterm/contracts/deadline';
import { AppError } from '@webxterm/shared';
import type { ClientSession, Connection } from 'mongoose';

/** The driver itself would try for 120 s; nobody waits that long for a sign-in. */
const deadlineMs = 5000;

/**
 * Runs `work` in one transaction, again when it met another one. Committed by a majority when it returns.
 * @throws AppError unavailable when the database did not answer in time: it may still be committed
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
  // What is late ends by its own deadline.
  return withinDeadline(deadlineMs, attempts, late);
};
