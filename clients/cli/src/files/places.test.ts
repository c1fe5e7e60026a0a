import { expect, it } from 'vitest';
import { absolutePath, placeOf } from './places.ts';

it('a place with a machine has its name before the first colon', () => {
  expect(placeOf('web-1:/etc/hosts')).toEqual({ kind: 'machine', machine: 'web-1', path: '/etc/hosts' });
  expect(placeOf('web-1:')).toEqual({ kind: 'machine', machine: 'web-1', path: '' });
  expect(placeOf('web-1:a:b\\c')).toEqual({ kind: 'machine', machine: 'web-1', path: 'a:b\\\\c' });
  for (const path of ['a.txt', './a:b', '/tmp/a:b', ':x']) expect(placeOf(path)).toEqual({ kind: 'local', path });
});

it('a path of a machine begins in the home folder unless it is absolute', () => {
  expect(absolutePath('/home/john', 'a/./b//c')).toBe('/home/john/a/b/c');
  expect(absolutePath('/home/john', '../x')).toBe('/home/x');
  expect(absolutePath('/home/john', '')).toBe('/home/john');
  expect(absolutePath('/home/john', '~/x')).toBe('/home/john/x');
  expect(absolutePath('/home/john', '/etc/../../srv/')).toBe('/srv');
});
