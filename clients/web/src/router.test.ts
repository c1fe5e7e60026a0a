import { uiPages } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import router from './router.tsx?raw';

describe('the pages of the router', () => {
  it('are the paths for which the gateway returns the index', () => {
    const paths = [...router.matchAll(/path: '([^']+)'/g)].map(([, path]) => path);
    expect(paths.toSorted()).toEqual([...uiPages].toSorted());
  });
});
