import { expect, it } from 'vitest';
import { MachineListSearch, readListSettings, withoutView, withView, writeListSettings } from './list-settings.ts';

it('the settings of the list fall back one by one, and are read as they were written', () => {
  const usual = { sort: 'name', limit: 25, columns: ['load', 'seen'], views: [] };
  expect(readListSettings(undefined)).toEqual(usual);
  expect(readListSettings({ getItem: () => '{"sort":"size","limit":7,"columns":["x"],"views":[{}]}' })).toEqual(usual);
  const kept = new Map<string, string>();
  const settings = withView({ ...usual, sort: 'status', columns: ['owner'] } as never, 'mine', { owner: 'me' });
  writeListSettings({ setItem: (key, value) => void kept.set(key, value) }, settings);
  expect(readListSettings({ getItem: (key) => kept.get(key) ?? null })).toEqual(settings);
});

it('a view replaces the one of its name, and views are in the order of their names', () => {
  let settings = withView(readListSettings(undefined), 'web', { search: 'web' });
  settings = withView(settings, 'all', {});
  settings = withView(settings, 'web', { search: 'www' });
  expect(settings.views).toEqual([
    { name: 'all', view: {} },
    { name: 'web', view: { search: 'www' } },
  ]);
  expect(withoutView(settings, 'all').views.map(({ name }) => name)).toEqual(['web']);
});

it('an address with values that are not valid shows the list without them', () => {
  expect(MachineListSearch.parse({ search: 'x', status: 'broken', sort: 1, limit: '25', owner: 'me' })).toEqual({
    search: 'x',
    owner: 'me',
  });
});
