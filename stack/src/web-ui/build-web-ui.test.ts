import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isStale } from './build-web-ui.ts';

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
});
