import { expect, it } from 'vitest';
import { KindPlaces } from './kind-places.ts';
import type { SessionKind } from './session-kind.ts';

const kind = (name: string, group?: string): SessionKind => ({
  name,
  output: 'bytes',
  notStarted: { code: 'files_not_started', what: 'it' },
  ...(group === undefined ? {} : { bounds: { group, perUser: 2, ofAll: 3 } }),
  prepare: () => Promise.reject(new Error('not started')),
});

it('counts the kinds of a group together, by user and in all, while their sessions are alive', () => {
  const alive = new Set<string>();
  const places = new KindPlaces((id) => alive.has(id));
  const [reads, writes, other] = [kind('reads', 'files'), kind('writes', 'files'), kind('pty')];
  const take = (id: string, what: SessionKind, owner: string): void => {
    alive.add(id);
    places.take(id, what, owner);
  };
  take('1', reads, 'ann');
  expect(places.full(writes, 'ann')).toBeUndefined();
  take('2', writes, 'ann');
  expect(places.full(reads, 'ann')).toMatch(/already has 2 files of yours/);
  expect(places.full(other, 'ann')).toBeUndefined();
  take('3', reads, 'bob');
  expect(places.full(reads, 'bob')).toMatch(/already has 3 files\./);
  alive.delete('1');
  expect(places.full(reads, 'ann')).toBeUndefined();
});
