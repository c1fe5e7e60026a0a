import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireOwnFolder, runtimeFolder } from './user-folder.ts';

let folder = '';
let own = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webxterm-own-'));
  own = join(folder, 'ports');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { uid } = userInfo();

describe('a folder of the user', () => {
  it('is created for its owner only, and used again', () => {
    expect(requireOwnFolder(own)).toBe(own);
    expect(statSync(own).mode & 0o777).toBe(0o700);
    expect(requireOwnFolder(own)).toBe(own);
  });

  it('that another user planted is not used: a link, a file, one that others can write', () => {
    const victim = join(folder, 'victim');
    mkdirSync(victim, { mode: 0o700 });
    symlinkSync(victim, own);
    expect(() => requireOwnFolder(own)).toThrow(`${own} is not used, since it is no folder`);
    rmSync(own);
    symlinkSync(join(folder, 'not there'), own);
    expect(() => requireOwnFolder(own)).toThrow();
    expect(existsSync(join(folder, 'not there'))).toBe(false);
    rmSync(own);
    writeFileSync(own, '');
    expect(() => requireOwnFolder(own)).toThrow();
    rmSync(own);
    mkdirSync(own);
    chmodSync(own, 0o777);
    expect(() => requireOwnFolder(own)).toThrow('others may use it (mode 777)');
  });

  it.runIf(uid === 0)('that another user made first is not used', () => {
    mkdirSync(own, { mode: 0o700 });
    chownSync(own, 12_345, 12_345);
    expect(() => requireOwnFolder(own)).toThrow('it belongs to the user 12345');
  });

  it('is in the folder of the session if that belongs to the user', () => {
    chmodSync(folder, 0o700);
    expect(runtimeFolder('webxterm-ports', folder)).toBe(join(folder, 'webxterm-ports'));
    chmodSync(folder, 0o777);
    expect(runtimeFolder('webxterm-ports', folder)).toBe(join(tmpdir(), `webxterm-ports-${uid}`));
    expect(runtimeFolder('webxterm-ports', join(folder, 'gone'))).toBe(join(tmpdir(), `webxterm-ports-${uid}`));
  });
});
