import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import { afterEach, expect, it, vi } from 'vitest';
import { PlainHttp } from './plain-http.tsx';

afterEach(() => vi.unstubAllGlobals());

it.each([
  ['warns', false],
  ['says nothing', true],
])('the page %s where the browser says that its connection is safe: %s', (_, isSecureContext) => {
  vi.stubGlobal('window', { isSecureContext });
  const page = renderToStaticMarkup(
    <MantineProvider>
      <PlainHttp />
    </MantineProvider>,
  );
  expect(page.includes('This connection is not encrypted')).toBe(!isSecureContext);
});
