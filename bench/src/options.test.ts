import { expect, it } from 'vitest';
import { parseOptions } from './options.ts';
import { chooseRows, rowGroups } from './rows/row-groups.ts';

it('accepts counts and names, and names the invalid one', () => {
  expect(parseOptions(['--rows', 'echo,bulk', '--repeats', '2'])).toMatchObject({ rows: ['echo', 'bulk'], repeats: 2 });
  expect(parseOptions(['load', '--agents', '7', '--tls'])).toMatchObject({
    command: 'load',
    agents: 7,
    sessions: 5000,
    tls: true,
  });
  expect(parseOptions([])).toMatchObject({ command: 'rows', agents: 3000 });
  expect(() => parseOptions(['--repeats', '0'])).toThrow('--repeats');
  expect(() => parseOptions(['--keys', 'many'])).toThrow('--keys');
  expect(() => parseOptions(['sing'])).toThrow('load');
});

it('measures all rows, or those named', () => {
  expect(chooseRows([])).toBe(rowGroups);
  expect(chooseRows(['bulk']).map(({ name }) => name)).toEqual(['bulk']);
  expect(() => chooseRows(['bulk', 'sulk'])).toThrow(/sulk; there are .*bulk/);
  expect(new Set(rowGroups.map(({ name }) => name)).size).toBe(rowGroups.length);
});
