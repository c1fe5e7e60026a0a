import { describe, expect, it } from 'vitest';
import { allRoutes, errorCodesOf } from './rest/index.ts';
import { scopesFor, TokenScope, tokenRules } from './token-scopes.ts';

const needsCaller = allRoutes.filter(({ access }) => access !== 'public');

describe('the table of scopes', () => {
  it('has a line for every route that needs a caller, and no other', () => {
    expect(Object.keys(tokenRules).sort()).toEqual(needsCaller.map(({ id }) => id).sort());
  });

  /** A token may end itself, whatever its scopes. */
  const ownEnd = 'revokeOwnToken';

  it('lets no token near an account, but for reading its own profile and the audit log', () => {
    const open = needsCaller.filter(({ owner, id }) => owner === 'auth' && id !== ownEnd && scopesFor(id).length > 0);
    expect(open.map(({ id }) => id).sort()).toEqual([
      'exportAuditCsv',
      'exportAuditNdjson',
      'listAudit',
      'profile',
      'profileBelongings',
    ]);
    for (const { method } of open) expect(method).toBe('get');
  });

  it('gives what is for administrators only to the scopes of administrators', () => {
    for (const { id } of needsCaller.filter(({ access }) => access === 'admin'))
      for (const scope of scopesFor(id)) expect(['audit:read', 'updates:manage']).toContain(scope);
  });

  it('lets no route that changes something pass with `see` alone', () => {
    for (const { id, method } of needsCaller)
      if (method !== 'get' && id !== ownEnd) expect([id, scopesFor(id).includes('see')]).toEqual([id, false]);
  });

  it('refuses a route that is not listed, also one with the name of a property of objects', () => {
    for (const id of ['unknown', 'constructor', '__proto__', 'toString']) expect(scopesFor(id)).toEqual([]);
  });

  it('names no scope twice, and a refusal is declared for every listed route', () => {
    expect(new Set(TokenScope.options).size).toBe(TokenScope.options.length);
    for (const route of needsCaller) expect(errorCodesOf(route)).toContain('token_not_allowed');
  });
});
