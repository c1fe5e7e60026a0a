import { withinDeadline } from '@webxterm/contracts/deadline';
import type { Connection } from 'mongoose';
import { reasonOf } from '../errors.ts';
import { type Health, serverAwayAdvice } from '../lifecycle/health.ts';
import { PeriodicTask } from '../lifecycle/periodic-task.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import type { Logger } from '../log/logger.ts';
import { writeAdvice } from './write-advice.ts';

export interface WriteHealthOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly health: Health;
  readonly shutdown: Shutdown;
}

/** Time between two writes, in ms. */
const everyMs = 5000;
/** Time limit of a write in the server, and of its confirmation by a majority, in ms. */
const writeWithinMs = 3000;
/** Time limit of the whole, in ms. The driver waits longer for a server that became silent. */
const answerWithinMs = 4000;

interface LastWrite {
  readonly _id: string;
  readonly at: Date;
}

/**
 * Keeps the part `mongodb` of the health report true to what each sign-in and each change needs: a write that a majority of the replica set
 * has confirmed. A server may answer and yet take no write, because it is locked, its writes are blocked, its disk hangs, or its majority is
 * lost. A lost primary is reported at once, and the write is tried at once when there is one again.
 */
export const followWrites = ({ connection, logger, health, shutdown }: WriteHealthOptions): void => {
  const report = reporter(logger, health, shutdown);
  let hasPrimary = true;
  let running: Promise<void> | undefined;
  const check = (): Promise<void> => {
    running ??= writeOnce(connection)
      .then(
        () => report(hasPrimary ? '' : serverAwayAdvice),
        (error: unknown) => report(writeAdvice(error), error),
      )
      .finally(() => {
        running = undefined;
      });
    return running;
  };
  // Mongoose does not emit `disconnected` for a server that became silent: it compares with a state that already counts as disconnected
  // when two heartbeats are missing.
  connection.getClient().on('topologyDescriptionChanged', ({ newDescription }) => {
    const found = [...newDescription.servers.values()].some((server) => server.isWritable);
    if (found === hasPrimary) return;
    hasPrimary = found;
    if (!hasPrimary) report(serverAwayAdvice);
    // A write that began before may still wait for the server that was lost.
    else void Promise.resolve(running).then(check);
  });
  const task = new PeriodicTask(everyMs, check);
  task.start();
  void check();
  shutdown.add('work', 'health of MongoDB', () => task.stop());
};

/** Reports a change. `advice` is empty while writes are confirmed. */
const reporter = (logger: Logger, health: Health, shutdown: Shutdown) => {
  let known = '';
  return (advice: string, error: unknown = 'no primary'): void => {
    if (shutdown.started || advice === known) return;
    health.set('mongodb', advice === '', advice);
    if (advice === '') logger.info('MongoDB takes writes again');
    else
      logger.warn(
        { reason: reasonOf(error), advice },
        'MongoDB takes no writes; open terminals continue, trying again',
      );
    known = advice;
  };
};

const writeOnce = async ({ db }: Connection): Promise<void> => {
  if (db === undefined) throw new Error('MongoDB is not connected');
  const writes = db.collection<LastWrite>('health_writes');
  const written = writes.updateOne(
    { _id: 'last' },
    { $set: { at: new Date() } },
    { upsert: true, maxTimeMS: writeWithinMs, writeConcern: { w: 'majority', wtimeoutMS: writeWithinMs } },
  );
  await withinDeadline(answerWithinMs, written, () => new Error(`no answer to a write within ${answerWithinMs} ms`));
};
