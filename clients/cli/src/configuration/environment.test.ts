import { expect, it } from 'vitest';
import { proxyEnvironment } from './environment.ts';

const others = { HTTPS_PROXY: 'http://proxy.example.org:3128', NO_PROXY: 'example.net' };

it.each(['http://127.0.0.1:3128', 'http://localhost:3128', 'http://[::1]:3128'])('keeps HTTP_PROXY=%s', (proxy) => {
  for (const name of ['HTTP_PROXY', 'http_proxy']) {
    const given = { ...others, [name]: proxy };
    expect(proxyEnvironment(given)).toEqual(given);
  }
});

it.each(['http://proxy.example.org:3128', 'http://127.0.0.1.example.org', 'proxy:3128', '', undefined])(
  'lets HTTP_PROXY=%s see no token of a server without TLS',
  (proxy) => {
    for (const name of ['HTTP_PROXY', 'http_proxy'])
      expect(proxyEnvironment({ ...others, [name]: proxy })).toEqual(others);
  },
);
