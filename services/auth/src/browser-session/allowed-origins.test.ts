import { describe, expect, it } from 'vitest';
import { allowedOrigins } from './allowed-origins.ts';

describe('the allowed origins', () => {
  it('are all names of this machine with the own port on loopback', () => {
    expect([...allowedOrigins('http://127.0.0.1:8080', [])].sort()).toEqual([
      'http://127.0.0.1:8080',
      'http://[::1]:8080',
      'http://localhost:8080',
    ]);
  });

  it('are exactly the configured ones elsewhere', () => {
    const origins = allowedOrigins('https://term.example.com', ['https://other.example.com:8443']);
    expect([...origins]).toEqual(['https://term.example.com', 'https://other.example.com:8443']);
    for (const other of [
      'http://term.example.com',
      'https://term.example.com:444',
      'https://term.example.com.evil',
      'null',
    ])
      expect(origins.has(other)).toBe(false);
  });
});
