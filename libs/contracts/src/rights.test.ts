import { describe, expect, it } from 'vitest';
import { type MachineRole, Right, Rights, rightsEverywhere, rightsOf } from './rights.ts';

/** One row for each right, one column for each caller. */
const table: Record<Right, string> = {
  //            owner control view admin view+admin control+admin owner+admin
  see: '          x     x      x    x      x          x            x',
  open: '         x     x      -    -      -          x            x',
  command: '      x     x      -    -      -          x            x',
  files_read: '   x     x      -    -      -          x            x',
  files_write: '  x     x      -    -      -          x            x',
  forward: '      x     x      -    -      -          x            x',
  watch: '        x     -      -    x      x          x            x',
  record_play: '  x     -      -    x      x          x            x',
  manage: '       x     -      -    x      x          x            x',
};

const columns: readonly (readonly [MachineRole, boolean])[] = [
  ['owner', false],
  ['control', false],
  ['view', false],
  ['admin', true],
  ['view', true],
  ['control', true],
  ['owner', true],
];

describe('the rights of a role', () => {
  it.each(Right.options)('include %s as in the table', (right) => {
    const marks = columns.map(([role, isAdmin]) => (rightsOf(role, isAdmin).includes(right) ? 'x' : '-'));
    expect(marks).toEqual(table[right].trim().split(/\s+/));
  });

  it('are listed once each, in the order of the names', () => {
    for (const [role, isAdmin] of columns) {
      const rights = rightsOf(role, isAdmin);
      expect(rights).toEqual(Right.options.filter((right) => rights.includes(right)));
    }
  });
});

it('an administrator has the rights of the preset on every machine, and nobody else has any', () => {
  expect(rightsEverywhere(true)).toEqual(rightsOf('admin', true));
  expect(rightsEverywhere(false)).toEqual([]);
  for (const [role, isAdmin] of columns)
    expect(rightsOf(role, isAdmin)).toEqual(expect.arrayContaining([...rightsEverywhere(isAdmin)]));
});

it('a list of rights from a newer service is read without the unknown names', () => {
  expect(Rights.parse(['see', 'levitate', 'open'])).toEqual(['see', 'open']);
  expect(Rights.safeParse('see').success).toBe(false);
});
