import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectFolder } from '../project-folder.ts';
import { buildWebUi, isStale, sources } from './build-web-ui.ts';

let root = '';

const put = (path: string, atSeconds: number): void => {
  const file = join(root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  utimesSync(file, atSeconds, atSeconds);
  utimesSync(join(file, '..'), 1, 1);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'webxterm-web-'));
  put('clients/web/src/main.tsx', 100);
  put('libs/contracts/src/rest.ts', 100);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the web UI is built', () => {
  it('if there is none', () => {
    expect(isStale(root)).toBe(true);
  });

  it('not if it is newer than its sources', () => {
    put('clients/web/dist/index.html', 200);
    expect(isStale(root)).toBe(false);
  });

  it.each(['clients/web/src/main.tsx', 'libs/contracts/src/rest.ts'])('when %s is newer', (source) => {
    put('clients/web/dist/index.html', 200);
    put(source, 300);
    expect(isStale(root)).toBe(true);
  });

  it('when any package of this repository that it uses is newer', () => {
    const { dependencies } = JSON.parse(readFileSync(join(projectFolder, 'clients/web/package.json'), 'utf8'));
    const used = Object.keys(dependencies).filter((name) => name.startsWith('@webxterm/'));
    expect(used).not.toHaveLength(0);
    expect(sources).toEqual(expect.arrayContaining(used.map((name) => `libs/${name.slice('@webxterm/'.length)}/src`)));
  });

  it('once for all stacks of one process that start at the same time', async () => {
    const builder = `
      const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
      const to = process.argv[process.argv.indexOf('--outDir') + 1];
      mkdirSync(to, { recursive: true });
      writeFileSync(to + '/index.html', '');
      appendFileSync(${JSON.stringify(join(root, 'builds'))}, 'one ');`;
    mkdirSync(join(root, 'node_modules/vite/bin'), { recursive: true });
    writeFileSync(join(root, 'node_modules/vite/bin/vite.js'), builder);
    const said: string[] = [];
    const options = {
      ...{ root, environment: {}, signal: new AbortController().signal },
      say: (text: string) => void said.push(text),
    };
    const dist = join(root, 'clients/web/dist');
    expect(await Promise.all([buildWebUi(options), buildWebUi(options)])).toEqual([dist, dist]);
    expect(readFileSync(join(root, 'builds'), 'utf8')).toBe('one ');
    expect(isStale(root)).toBe(false);
    expect(said).toEqual(['building the web UI …', expect.stringMatching(/done in/)]);
  });
});
