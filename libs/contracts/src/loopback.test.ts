import { describe, expect, it } from 'vitest';
import { alikeOnLoopback, isLoopback } from './loopback.ts';

describe('a host', () => {
  it.each(['localhost', '127.0.0.1', '127.8.8.255', '::1', '[::1]', '0:0:0:0:0:0:0:1'])(
    '%s is this machine',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each([
    '',
    '0.0.0.0',
    '::',
    '127.0.0.1.example.com',
    '127.1',
    '127.0.0.256',
    'localhost.example.com',
    '10.0.0.1',
    '127.0.0.1:80',
    '::1%lo',
    '::ffff:127.0.0.1',
    'localhost ',
    '127.0.0.01',
    '0x7f.0.0.1',
    '[127.0.0.1]',
    '[::1',
    '::2',
  ])('%j is not', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe('a URL', () => {
  const alike = (url: string): string[] => alikeOnLoopback(new URL(url)).map(({ origin }) => origin);

  it('on loopback is reached under all three names of the machine, at its port', () => {
    const all = ['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080'];
    for (const url of all) expect(alike(url)).toEqual(all);
    expect(alike('https://localhost')).toEqual(['https://127.0.0.1', 'https://localhost', 'https://[::1]']);
  });

  it('elsewhere is reached under its own name only', () => {
    expect(alike('https://terminal.example.com')).toEqual(['https://terminal.example.com']);
    expect(alike('http://127.0.0.2:8080')).toEqual(['http://127.0.0.2:8080']);
  });
});
