/**
 * Codes with which a server rejects an operation for now: 50 and 262 time limit, 91 shutdown, 189 stepped down, 371 writes are blocked,
 * 10107, 11600, 11602, 13435 and 13436 not primary.
 */
const rejectedForNow = new Set<unknown>([50, 91, 189, 262, 371, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** Whether the error means that MongoDB did not respond or takes no writes now, which callers report as 503. */
export const isMongoUnavailable = (error: unknown): boolean =>
  error instanceof Error &&
  (isDiskFull(error) ||
    /^Mongo(ServerSelection|Network|NetworkTimeout|PoolCleared|NotConnected|TopologyClosed|WaitQueueTimeout)Error$/.test(
      error.name,
    ) ||
    ('code' in error && rejectedForNow.has(error.code) && /^Mongo.*Error$/.test(error.name)) ||
    /buffering timed out|initial connection is complete/.test(error.message));

/** Where a new collection finds no space, mongod answers the code of an unknown error and the text of the system's (tried on 6.0). */
const unknownError = 8;
const diskFull = 14_031;

/** Whether MongoDB rejected a write because its disk is full. */
export const isDiskFull = (error: Error): boolean =>
  /^Mongo.*Error$/.test(error.name) &&
  'code' in error &&
  (error.code === diskFull || (error.code === unknownError && error.message.includes('No space left on device')));

const duplicateKey = 11_000;

/** The field names of the unique index that a write violated. Undefined for any other error. */
export const duplicateIndexKey = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error) || error.code !== duplicateKey) return undefined;
  return 'keyPattern' in error && typeof error.keyPattern === 'object' && error.keyPattern !== null
    ? Object.keys(error.keyPattern).join(',')
    : '';
};
