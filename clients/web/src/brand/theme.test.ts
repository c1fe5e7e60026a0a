import { DEFAULT_THEME, mergeMantineTheme } from '@mantine/core';
import { describe, expect, it } from 'vitest';
import { contrast } from './testing/contrast.ts';
import { cssVariables, theme } from './theme.ts';

const { light, dark } = cssVariables(mergeMantineTheme(DEFAULT_THEME, theme));

describe('the colours of the pages', () => {
  it.each([
    ['light', light],
    ['dark', dark],
  ] as const)('have a contrast of 4.5 for dimmed text and placeholders in the %s scheme', (_, scheme) => {
    for (const text of ['--mantine-color-dimmed', '--mantine-color-placeholder', '--mantine-color-error'] as const)
      for (const ground of ['--mantine-color-body', '--wx-surface', '--wx-sunken'] as const)
        expect([text, ground, contrast(scheme[text] ?? '', scheme[ground] ?? '') >= 4.5]).toEqual([text, ground, true]);
  });

  it('have it for white on the buttons that end or remove something, and for green badges', () => {
    for (const scheme of [light, dark])
      expect(contrast('#ffffff', scheme['--mantine-color-red-filled'] ?? '')).toBeGreaterThanOrEqual(4.5);
    // Mantine's ground of a light green badge.
    expect(contrast(light['--mantine-color-green-light-color'] ?? '', '#d3f9d8')).toBeGreaterThanOrEqual(4.5);
  });
});
