import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireRootsOwn, whyNotRoots } from './root-paths.ts';

const found = (mode: number, { uid = 0, gid = 0, kind = 'folder' } = {}) => ({
  uid,
  gid,
  mode,
  isDirectory: () => kind === 'folder',
  isSymbolicLink: () => kind === 'link',
});

describe('files that root may load', () => {
  it.each([
    ['a folder of root', found(0o755), undefined],
    ['one of a user', found(0o755, { uid: 1000 }), '/x belongs to the user 1000'],
    ['one that a group writes', found(0o775, { gid: 1000 }), 'the group 1000 may write /x'],
    ['one that the group of root writes', found(0o775), undefined],
    ['one that everybody writes', found(0o777), 'everybody may write /x'],
    ['a folder for temporary files', found(0o1777), undefined],
    ['a file that everybody writes', found(0o1666, { kind: 'file' }), 'everybody may write /x'],
    ['a link of root', found(0o777, { kind: 'link' }), undefined],
    ['a link of a user', found(0o777, { kind: 'link', uid: 1000 }), '/x belongs to the user 1000'],
  ])('%s', (_what, stats, why) => {
    expect(whyNotRoots('/x', stats)).toBe(why);
  });
});

describe.runIf(os.userInfo().uid === 0)('the program and the settings of root', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'agent-root-'));
    await mkdir(path.join(folder, 'src', 'deep'), { recursive: true });
    await writeFile(path.join(folder, 'src', 'deep', 'a.ts'), '');
    await mkdir(path.join(folder, 'etc'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const check = () =>
    requireRootsOwn({ files: [path.join(folder, 'etc', 'agent.yaml')], trees: [path.join(folder, 'src')] });

  it('are loaded if only root can write them, and otherwise refused by name, anywhere in the tree or above it', async () => {
    await check();
    const [deep, etc] = [path.join(folder, 'src', 'deep', 'a.ts'), path.join(folder, 'etc')];
    for (const [file, spoil, mend] of [
      [deep, () => chmod(deep, 0o666), () => chmod(deep, 0o644)],
      [deep, () => chown(deep, 1000, 1000), () => chown(deep, 0, 0)],
      [folder, () => chown(folder, 1000, 1000), () => chown(folder, 0, 0)],
      [etc, () => chmod(etc, 0o777), () => chmod(etc, 0o755)],
    ] as const) {
      await spoil();
      await expect(check()).rejects.toThrow(file);
      await mend();
    }
    await check();
  });

  it('are refused if a link leads to a file that others can write', async () => {
    const home = path.join(folder, 'home');
    await mkdir(home);
    await chown(home, 1000, 1000);
    await rm(path.join(folder, 'etc'), { recursive: true });
    await symlink(home, path.join(folder, 'etc'));
    await writeFile(path.join(home, 'agent.yaml'), '');
    await expect(check()).rejects.toThrow(`${home} belongs to the user 1000`);
  });
});
