import { describe, expect, it } from 'vitest';
import { startWarnings } from './start-warnings.ts';

const warned = (url: string, ...extra: string[]): number =>
  startWarnings({ PUBLIC_URL: url, EXTRA_ORIGINS: extra }).length;

describe('plain http', () => {
  it('causes a warning if it leaves the machine, and not otherwise', () => {
    for (const url of [
      'http://127.0.0.1:8080',
      'http://127.9.9.9',
      'http://localhost:1',
      'http://[::1]:8080',
      'https://a.b',
    ])
      expect(warned(url)).toBe(0);
    for (const url of [
      'http://192.168.0.5:8080',
      'http://term.example.org',
      'http://127.0.0.1.nip.io',
      'http://[fd00::1]',
    ])
      expect(warned(url)).toBe(1);
    expect(warned('https://a.b', 'http://a.b', 'http://localhost')).toBe(1);
  });
});
