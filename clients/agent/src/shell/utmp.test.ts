import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeUtmp, type LoginRecord, record } from './utmp.ts';

const login: LoginRecord = { kind: 'login', line: 'pts/7', pid: 4711, user: 'ann', nowMs: 1_790_000_000_123 };

describe('utmp', () => {
  it('has the size that each platform expects, and is not written on an unknown platform', () => {
    expect(encodeUtmp(login, 'x64')).toHaveLength(384);
    expect(encodeUtmp(login, 'arm64')).toHaveLength(400);
    expect(encodeUtmp(login, 'pdp11')).toBeUndefined();
  });

  it.runIf(existsSync('/usr/bin/who'))('is read by who(1); an entry of the same terminal is replaced', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'utmp-'));
    const files = { utmp: path.join(folder, 'utmp'), wtmp: path.join(folder, 'wtmp') };
    const who = (file: string): string =>
      execFileSync('who', [file], { encoding: 'utf8', env: { TZ: 'UTC', LC_ALL: 'C' } });
    try {
      record(login, files);
      expect(existsSync(files.utmp)).toBe(false);
      for (const file of Object.values(files)) writeFileSync(file, '');
      record(login, files);
      record({ ...login, line: 'pts/8', user: 'bob' }, files);
      record({ ...login, user: 'joe' }, files);
      expect(who(files.utmp)).toMatch(/^joe +pts\/7 +.*\nbob +pts\/8 +/);
      record({ ...login, kind: 'logout' }, files);
      expect(who(files.utmp)).toMatch(/^bob +pts\/8 .*\n$/);
      expect(readFileSync(files.utmp)).toHaveLength(2 * 384);
      expect(readFileSync(files.wtmp)).toHaveLength(4 * 384);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
