import { describe, expect, it } from 'vitest';
import { Pool } from './pool.ts';

const ports = (pool: Pool, count: number): number[] => Array.from({ length: count }, () => pool.next().port);

describe('the instances of a service', () => {
  it('are used in turn', () => {
    const pool = new Pool('auth', ['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://[::1]:3']);
    expect(ports(pool, 5)).toEqual([1, 2, 3, 1, 2]);
    expect(pool.next().hostname).toBe('::1');
  });

  it('are skipped for a while after they refused a connection, and then used again', () => {
    let now = 0;
    const pool = new Pool('auth', ['http://h:1', 'http://h:2'], () => now);
    pool.refused(pool.next());
    expect(ports(pool, 3)).toEqual([2, 2, 2]);
    now = 2000;
    expect(ports(pool, 2).sort()).toEqual([1, 2]);
  });

  it('are tried from the chosen one on, the unusable ones last', () => {
    const pool = new Pool('auth', ['http://h:1', 'http://h:2', 'http://h:3']);
    pool.probed(1, false);
    expect(pool.inOrderFrom('h', 3).map((instance) => instance.port)).toEqual([3, 1, 2]);
    expect(pool.inOrderFrom('h', 2).map((instance) => instance.port)).toEqual([2, 1, 3]);
  });

  it('are still tried when none is usable', () => {
    const pool = new Pool('auth', ['http://h:1', 'http://h:2']);
    pool.probed(0, false);
    pool.probed(1, false);
    expect(ports(pool, 2)).toEqual([1, 2]);
    pool.probed(1, true);
    expect(ports(pool, 2)).toEqual([2, 2]);
  });
});
