import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { noTerminal, whyNoTerminal } from './ptmx.ts';

it('a machine without /dev/ptmx is the reason that is named in place of the failed function', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ptmx-'));
  const missing = path.join(folder, 'ptmx');
  const failed = new Error('forkpty(3) failed.');
  expect(whyNoTerminal(missing)).toContain('ENOENT');
  expect(noTerminal(failed, missing)).toMatchObject({
    message: expect.stringMatching(/^no terminal can be opened \(ENOENT: .*\)\. "vsay-agent doctor" on the machine/),
    cause: failed,
  });
  rmSync(folder, { recursive: true });
});

it('where terminals can be opened, the failure of the start is left as it is', () => {
  const failed = new Error('chdir(2) failed.');
  expect(whyNoTerminal()).toBeUndefined();
  expect(noTerminal(failed)).toBe(failed);
});
