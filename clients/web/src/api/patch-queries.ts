import type { QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * Changes the data of cached queries by an event, without making them fresh: an event does not contain everything, so data that was
 * invalidated must still be fetched again. `change` returns the same object if the event is about something else.
 * @returns whether any data changed
 */
export const patchQueries = <Data>(queries: QueryClient, queryKey: QueryKey, change: (data: Data) => Data): boolean => {
  let changed = false;
  for (const query of queries.getQueryCache().findAll({ queryKey })) {
    const data = queries.getQueryData<Data>(query.queryKey);
    if (data === undefined) continue;
    const next = change(data);
    if (next === data) continue;
    query.setState({ data: next });
    changed = true;
  }
  return changed;
};
