import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Connection, mongo } from 'mongoose';
import type { Logger } from '../../log/logger.ts';
import { type LockHolder, MigrationLock } from './migration-lock.ts';
import { MigrationFailed, type MigrationStep, requireNumbered } from './migration-step.ts';

interface DoneRow {
  _id: string;
  at: Date;
  /** Duration of the step, in ms. */
  ms: number;
  /** The process that ran it. */
  by: string;
}

export interface MigrateOptions {
  readonly logger: Logger;
  /** The name of this instance, for the logs of the instances that wait for it. */
  readonly instance?: string | undefined;
  /** How long another instance may take before this one fails, in ms. */
  readonly withinMs?: number;
  /** How long an instance that died blocks the others, in ms. */
  readonly leaseMs?: number;
}

/** Equal to the time in which a container must start (docker-compose.yml, k8s/base). */
const defaultWithinMs = 180_000;
const defaultLeaseMs = 15_000;
const lookEveryMs = 100;
const sayAgainMs = 15_000;

/**
 * Runs the missing steps of this database in order, each once. If several instances start together, one runs the steps and the others wait.
 * The collection `migrations` records the finished steps. ADR 28.
 * @throws MigrationFailed that names the step; Error that names the instance which took longer than `withinMs`
 */
export const migrate = async (
  connection: Connection,
  steps: readonly MigrationStep[],
  options: MigrateOptions,
): Promise<void> => {
  requireNumbered(steps);
  const db = connection.db;
  if (db === undefined) throw new Error('the connection to MongoDB is not open');
  const done = db.collection<DoneRow>('migrations');
  await nameUnknown(done, steps, options.logger);
  if ((await pending(done, steps)).length === 0) return;
  const { leaseMs = defaultLeaseMs, instance } = options;
  const holder = `${instance ?? 'process'} (${process.pid} on ${hostname()}, ${randomBytes(3).toString('hex')})`;
  const lock = new MigrationLock({ db, holder, leaseMs });
  await take(lock, db.databaseName, options);
  try {
    // The previous holder of the lock may have run some of them.
    for (const step of await pending(done, steps)) await run(step, { connection, done, lock, holder }, options.logger);
  } finally {
    await lock.release();
  }
};

const pending = async (
  done: mongo.Collection<DoneRow>,
  steps: readonly MigrationStep[],
): Promise<readonly MigrationStep[]> => {
  const names = new Set((await done.find().toArray()).map(({ _id }) => _id));
  return steps.filter(({ name, atEachStart }) => atEachStart === true || !names.has(name));
};

/** Logs a warning about steps of a newer version. Only the version directly before that one can use this database. */
const nameUnknown = async (
  done: mongo.Collection<DoneRow>,
  steps: readonly MigrationStep[],
  logger: Logger,
): Promise<void> => {
  const known = steps.map(({ name }) => name);
  const newer = await done.find({ _id: { $nin: known } }).toArray();
  if (newer.length > 0)
    logger.warn(
      { migrations: newer.map(({ _id }) => _id) },
      'a newer version has changed this database; the version just before that one can use it, an older one cannot',
    );
};

/** @throws Error when another instance holds the lock for longer than `withinMs` */
const take = async (
  lock: MigrationLock,
  database: string,
  { logger, withinMs = defaultWithinMs }: MigrateOptions,
): Promise<void> => {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const other = await lock.tryTake();
    if (other === undefined) return;
    const now = performance.now();
    if (now - startedAt > withinMs)
      throw new Error(
        `${described(other, database)}, and this instance has waited ${withinMs / 1000} s for it: look at its log, then start this one again`,
      );
    if (now - saidAt > sayAgainMs) {
      saidAt = now;
      logger.warn({ ...other }, `${described(other, database)}: waiting for it`);
    }
    await wait(lookEveryMs);
  }
};

const described = ({ holder, step, since }: LockHolder, database: string): string =>
  `${holder || 'another instance'} has been changing the database ${database} since ${since.toISOString()}${step === '' ? '' : ` (migration ${step})`}`;

const run = async (
  { name, up }: MigrationStep,
  {
    connection,
    done,
    lock,
    holder,
  }: { connection: Connection; done: mongo.Collection<DoneRow>; lock: MigrationLock; holder: string },
  logger: Logger,
): Promise<void> => {
  const startedAt = performance.now();
  try {
    await lock.hold(name);
    await up(connection, logger);
    await lock.hold(name);
  } catch (error) {
    throw new MigrationFailed(name, connection.name, error);
  }
  const ms = Math.round(performance.now() - startedAt);
  const row = { at: new Date(), ms, by: holder };
  const { upsertedCount } = await done.updateOne({ _id: name }, { $setOnInsert: row }, { upsert: true });
  if (upsertedCount === 1) logger.info({ migration: name, ms }, 'the database was changed');
};
