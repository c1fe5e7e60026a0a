import { expect, it } from 'vitest';
import { versionText } from './version-text.ts';

it.each([
  ['0.1.0', undefined, 'WebXTerm 0.1.0'],
  ['0.1.0', '6224c41', 'WebXTerm 0.1.0 (6224c41)'],
  ['0.1.0', '9a6643e84d2f1c0b7a5e3d', 'WebXTerm 0.1.0 (9a6643e84d2f)'],
])('names version %s and commit %s', (version, commit, text) => {
  expect(versionText({ version, ...(commit !== undefined && { commit }) })).toBe(text);
});
