import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oidcProviders } from './provider-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'webxterm-oidc-'));
const file = join(folder, 'secret');
beforeAll(() => writeFileSync(file, 'the secret\n'));
afterAll(() => rmSync(folder, { recursive: true }));

const provider = {
  id: 'keycloak',
  label: 'Keycloak',
  issuer: 'https://sso.example.com/realms/main',
  client_id: 'webxterm',
  client_secret_file: file,
};
const read = (...providers: object[]) => oidcProviders.safeParse(JSON.stringify(providers));

describe('the providers of sign-ins', () => {
  it('are none at first', () => {
    expect(oidcProviders.parse(undefined)).toEqual([]);
  });

  it('have their secret from a file, and no sign-up if none is set', () => {
    const { client_secret_file: _, ...rest } = provider;
    expect(read(provider).data).toEqual([{ ...rest, client_secret: 'the secret', sign_up: 'off' }]);
    expect(read({ ...provider, sign_up: ['example.com'] }).success).toBe(true);
    expect(read({ ...provider, issuer: 'http://127.0.0.1:9000' }).success).toBe(true);
  });

  it.each([
    [{ issuer: 'http://sso.example.com' }, 'https://'],
    [{ id: 'Key cloak' }, 'a-z'],
    [{ sign_up: ['@example.com'] }, 'sign_up'],
    [{ sign_up: 'everyone' }, 'sign_up'],
    [{ client_secret: 'inline' }, 'client_secret'],
    [{ client_secret_file: join(folder, 'missing') }, 'readable files'],
  ])('with %j are refused by name', (change, part) => {
    expect(read({ ...provider, ...change }).error?.issues[0]?.message).toContain(part);
  });

  it('have each id and each issuer once', () => {
    expect(read(provider, { ...provider, issuer: 'https://other.example.com' }).error?.issues[0]?.message).toContain(
      'each id once',
    );
    expect(read(provider, { ...provider, id: 'other' }).error?.issues[0]?.message).toContain('each issuer once');
    expect(oidcProviders.safeParse('{').success).toBe(false);
  });
});
