import { uiPages } from '@webxterm/contracts/rest';
import { expect, it } from 'vitest';
import { views } from './views.ts';

it('are of every page of the web UI, each with a name of its own', () => {
  expect(new Set(views.map(({ page }) => page))).toEqual(new Set(uiPages));
  expect(new Set(views.map(({ name }) => name)).size).toBe(views.length);
});
