/** Whether the error means that MongoDB did not respond, which callers report as 503. */
export const isMongoUnavailable = (error: unknown): boolean =>
  error instanceof Error &&
  (/^Mongo(ServerSelection|Network|NetworkTimeout|PoolCleared|NotConnected|TopologyClosed|WaitQueueTimeout)Error$/.test(
    error.name,
  ) ||
    /buffering timed out|initial connection is complete/.test(error.message));

const duplicateKey = 11_000;

/** The field names of the unique index that a write violated. Undefined for any other error. */
export const duplicateIndexKey = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error) || error.code !== duplicateKey) return undefined;
  return 'keyPattern' in error && typeof error.keyPattern === 'object' && error.keyPattern !== null
    ? Object.keys(error.keyPattern).join(',')
    : '';
};
