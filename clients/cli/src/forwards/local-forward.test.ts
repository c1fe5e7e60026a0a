import { expect, it } from 'vitest';
import { readDynamicForward, readLocalForward, readTarget } from './local-forward.ts';

it.each([
  ['8080:localhost:80', { bind: '127.0.0.1', port: 8080, host: 'localhost', hostPort: 80 }],
  ['0:db.internal:5432', { bind: '127.0.0.1', port: 0, host: 'db.internal', hostPort: 5432 }],
  ['192.0.2.1:1:[::1]:22', { bind: '192.0.2.1', port: 1, host: '::1', hostPort: 22 }],
  ['[::1]:1:a:2', { bind: '::1', port: 1, host: 'a', hostPort: 2 }],
  ['*:1:a:2', { bind: '::', port: 1, host: 'a', hostPort: 2 }],
])('-L %s is read', (text, expected) => {
  expect(readLocalForward(text)).toEqual(expected);
});

it.each([
  '',
  '80',
  '80:host',
  '80:host:0',
  '80:host:65536',
  'x:host:80',
  '1:2:3:4:5',
  '80::80',
  '80:a b:80',
  '::1:80:h:1',
])('-L %j is refused', (text) => {
  expect(() => readLocalForward(text)).toThrow(`not ${text}.`);
});

it('reads the target of -W', () => {
  expect(readTarget('localhost:22')).toEqual({ host: 'localhost', hostPort: 22 });
  expect(readTarget('[::1]:22')).toEqual({ host: '::1', hostPort: 22 });
  for (const text of ['', 'host', 'host:0', 'a:b:1', ':22']) expect(() => readTarget(text)).toThrow(`not ${text}.`);
});

it('reads the address of -D', () => {
  expect(readDynamicForward('1080')).toEqual({ bind: '127.0.0.1', port: 1080 });
  expect(readDynamicForward('[::1]:0')).toEqual({ bind: '::1', port: 0 });
  for (const text of ['', 'x', '1:2:3', ':', '65536']) expect(() => readDynamicForward(text)).toThrow(`not ${text}.`);
});
