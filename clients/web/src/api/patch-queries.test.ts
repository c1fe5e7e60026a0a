import { expect, it } from 'vitest';
import { patchQueries } from './patch-queries.ts';
import { newQueryClient } from './query-client.ts';

it('changes cached data, and fetches what was invalidated before again: an event does not make it fresh', async () => {
  const queries = newQueryClient();
  const [renamed, other] = [
    ['list', 'renamed'],
    ['list', 'other'],
  ] as const;
  queries.setQueryData(renamed, { name: 'web-1', online: false });
  queries.setQueryData(other, { name: 'db-1', online: false });
  await queries.invalidateQueries({ queryKey: renamed });
  const online = (list: { name: string; online: boolean }) =>
    list.name === 'web-1' ? { ...list, online: true } : list;
  expect(patchQueries(queries, ['list'], online)).toBe(true);
  expect(queries.getQueryData(renamed)).toEqual({ name: 'web-1', online: true });
  expect(queries.getQueryData(other)).toEqual({ name: 'db-1', online: false });
  const fetched = await queries.fetchQuery({ queryKey: renamed, queryFn: () => ({ name: 'frontend', online: true }) });
  expect(fetched).toEqual({ name: 'frontend', online: true });
  expect(patchQueries(queries, ['list'], online)).toBe(false);
});
