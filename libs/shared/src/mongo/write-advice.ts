import { serverAwayAdvice } from '../lifecycle/health.ts';
import { isDiskFull } from './mongo-errors.ts';

/** Codes of the server, and what to do about them. */
const adviceByCode = new Map<unknown, string>([
  [13, 'its user may not write: give it the role readWrite on its database, or run the set-up again'],
  [64, 'no majority confirms writes: check that the other members of the replica set run, and their disks'],
  [100, 'the replica set has too few members for a majority: check that its members run, and its configuration'],
  [371, 'its writes are blocked: allow them with db.adminCommand({ setUserWriteBlockMode: 1, global: false })'],
]);

/** Codes for a write that did not end in time. */
const tooLate = new Set<unknown>([50, 262]);

const stuckAdvice =
  'it answers no write in time: check its disk, its load, and that it is not locked (db.fsyncUnlock() unlocks it)';

/** The advice for an operator after this error of a write. A message of the driver may contain addresses, so none is repeated. */
export const writeAdvice = (error: unknown): string => {
  if (!(error instanceof Error) || !error.name.startsWith('Mongo')) return stuckAdvice;
  if (isDiskFull(error)) return 'its disk is full: free some space';
  const code = 'code' in error ? error.code : undefined;
  if (tooLate.has(code)) return stuckAdvice;
  return adviceByCode.get(code) ?? serverAwayAdvice;
};
