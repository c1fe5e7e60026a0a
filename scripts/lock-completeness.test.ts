import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completeLock, Lock, missingOptionals } from './lock-completeness.ts';

const committed = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');

const lock = Lock.parse({
  lockfileVersion: 3,
  packages: {
    '': { optionalDependencies: {} },
    'node_modules/tool': {
      dev: true,
      optionalDependencies: { '@tool/linux-x64-musl': '1.0.0', '@tool/darwin-arm64': '1.0.0' },
    },
    'node_modules/@tool/darwin-arm64': { version: '1.0.0', optional: true },
    'node_modules/other': { optionalDependencies: { nested: '^3.0.0', 'other-windows-64': '2.0.0' } },
    'node_modules/other/node_modules/nested': { version: '3.0.0', optional: true },
  },
});

describe('the lock file', () => {
  it('of this project names the optional packages of every platform, so that npm ci works everywhere', () => {
    expect(missingOptionals(Lock.parse(JSON.parse(committed))), 'run: npm run lock:complete').toEqual([]);
  });

  it('of this project names no registry: npm uses the one that its user has', () => {
    expect(committed).not.toMatch(/"resolved": "https?:/);
  });

  it('lacks a package that no node_modules of the parent folders contains', () => {
    expect(missingOptionals(lock).map(({ name }) => name)).toEqual(['@tool/linux-x64-musl', 'other-windows-64']);
  });

  it('gets an entry with the platform that the name contains', () => {
    const { lock: complete, added } = completeLock(lock);
    expect(added).toBe(2);
    expect(complete.packages['node_modules/@tool/linux-x64-musl']).toEqual({
      version: '1.0.0',
      dev: true,
      optional: true,
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
    });
    expect(complete.packages['node_modules/other-windows-64']).toEqual({
      version: '2.0.0',
      optional: true,
      os: ['win32'],
      cpu: ['x64'],
    });
    expect(Object.keys(complete.packages)).toEqual(Object.keys(complete.packages).toSorted());
  });

  it('is complete after one round, and keeps unknown entries', () => {
    const once = completeLock(lock).lock;
    expect(completeLock(once)).toEqual({ lock: once, added: 0 });
    expect(once.lockfileVersion).toBe(3);
  });
});
