import { describe, expect, it } from 'vitest';
import { contrast } from '../../brand/testing/contrast.ts';
import { palettes } from '../palettes.ts';
import { brightnessOf, builtInIds, builtInSchemes, ImportedScheme, themeFor } from './color-schemes.ts';

describe.each(builtInIds)('the scheme %s', (id) => {
  it('has all colours, and text that is readable on its background', () => {
    expect(ImportedScheme.safeParse(builtInSchemes[id]).error).toBeUndefined();
    // Solarized Light has 4.13, as its author chose.
    expect(contrast(builtInSchemes[id].foreground, builtInSchemes[id].background)).toBeGreaterThan(4.1);
    expect(themeFor({ colorScheme: id }, 'light')).toMatchObject({
      background: builtInSchemes[id].background,
      red: builtInSchemes[id].ansi[1],
      brightWhite: builtInSchemes[id].ansi[15],
    });
  });
});

it('there are twelve schemes at least, of both kinds', () => {
  const kinds = builtInIds.map((id) => brightnessOf(themeFor({ colorScheme: id }, 'light')));
  expect(kinds.length).toBeGreaterThanOrEqual(12);
  expect(kinds.filter((kind) => kind === 'light').length).toBeGreaterThanOrEqual(3);
  expect(brightnessOf(palettes.light)).toBe('light');
  expect(brightnessOf(palettes.dark)).toBe('dark');
});

it('an imported scheme that is not there leaves the colours of the page', () => {
  expect(themeFor({ colorScheme: 'imported' }, 'dark')).toBe(palettes.dark);
  expect(themeFor({ colorScheme: 'imported', importedScheme: builtInSchemes.nord }, 'dark').background).toBe('#2e3440');
});
