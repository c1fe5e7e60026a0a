import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

describe('the settings of npm start', () => {
  it('have defaults for everything, and treat an empty value as absent', () => {
    expect(readSettings({ WEBXTERM_PORT: '' })).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      grpcPort: 8081,
      replicas: 1,
      agent: true,
      tls: false,
      mongoUrl: undefined,
      natsUrl: undefined,
    });
    expect(readSettings({}).dataDir).toMatch(/\/\.webxterm$/);
  });

  it('use TLS if other machines can reach this one, unless it is disabled', () => {
    expect(readSettings({ WEBXTERM_HOST: '0.0.0.0' }).tls).toBe(true);
    expect(readSettings({ WEBXTERM_HOST: '0.0.0.0', WEBXTERM_TLS: 'off' }).tls).toBe(false);
    expect(readSettings({ WEBXTERM_TLS: 'on' }).tls).toBe(true);
  });

  it('accept the public address, other origins and trusted proxies', () => {
    const given = {
      WEBXTERM_PUBLIC_URL: 'https://term.example.org',
      WEBXTERM_EXTRA_ORIGINS: 'https://a.example, https://b.example',
      WEBXTERM_TRUSTED_PROXIES: '10.0.0.0/8,::1',
    };
    expect(readSettings(given)).toMatchObject({
      publicUrl: 'https://term.example.org',
      extraOrigins: ['https://a.example', 'https://b.example'],
      trustedProxies: '10.0.0.0/8,::1',
    });
    expect(() => readSettings({ WEBXTERM_PUBLIC_URL: 'term.example.org', WEBXTERM_EXTRA_ORIGINS: 'a' })).toThrow(
      /WEBXTERM_PUBLIC_URL[\s\S]*WEBXTERM_EXTRA_ORIGINS/,
    );
  });

  it('keep fetched servers in the cache of the user, or in the configured folder', () => {
    expect(readSettings({ XDG_CACHE_HOME: '/cache' }).cacheDir).toBe('/cache/webxterm');
    expect(readSettings({ WEBXTERM_CACHE_DIR: '/own' }).cacheDir).toBe('/own');
  });

  it('are refused as a whole, each by its name', () => {
    const read = () =>
      readSettings({ WEBXTERM_PORT: '70000', WEBXTERM_REPLICAS: '1.5', MONGO_URL: 'http://x', WEBXTERM_HOST: 'a b' });
    for (const name of ['WEBXTERM_PORT', 'WEBXTERM_REPLICAS', 'MONGO_URL', 'WEBXTERM_HOST']) expect(read).toThrow(name);
  });
});
