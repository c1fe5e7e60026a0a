import { describe, expect, it } from 'vitest';
import { contrast } from '../brand/testing/contrast.ts';
import { palettes } from './palettes.ts';
import { ansiNames } from './settings/color-schemes.ts';

const [plain, bright] = [ansiNames.slice(0, 8), ansiNames.slice(8)];

describe.each(['light', 'dark'] as const)('the colours of the %s scheme', (scheme) => {
  it('have a contrast of 4.5 to the background, but for black on dark, which programs use as a background', () => {
    const palette = palettes[scheme];
    const weak = ['foreground' as const, ...plain, ...bright].filter(
      (name) => contrast(palette[name] ?? '#000000', palette.background ?? '#000000') < 4.5,
    );
    expect(weak).toEqual(scheme === 'dark' ? ['black'] : []);
  });
});
