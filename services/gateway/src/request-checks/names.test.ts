import { describe, expect, it } from 'vitest';
import { publicNames } from './names.ts';

describe('the names of the gateway', () => {
  it('are all three loopback names with our port when it is on loopback', () => {
    const names = publicNames('http://127.0.0.1:8080', []);
    expect([...names.hosts].sort()).toEqual(['127.0.0.1:8080', '[::1]:8080', 'localhost:8080']);
    expect(names.origins.has('http://localhost:8080')).toBe(true);
    expect(names.origins.has('http://localhost:8081')).toBe(false);
  });

  it('are only what was set when it is public', () => {
    const names = publicNames('https://term.example.com', ['https://other.example.com:8443']);
    expect([...names.hosts].sort()).toEqual(['other.example.com:8443', 'term.example.com', 'term.example.com:443']);
    expect(names.hosts.has('localhost')).toBe(false);
    expect(names.origins.has('http://term.example.com')).toBe(false);
  });
});
