import { describe, expect, it } from 'vitest';
import { scopeChoices } from './token-scopes.ts';

describe('the scopes that a user can choose for a token', () => {
  it('are those that a route or WebSocket asks for', () => {
    expect(scopeChoices(false)).toEqual([
      'see',
      'open',
      'command',
      'files_read',
      'files_write',
      'forward',
      'watch',
      'manage',
      'account:read',
      'machines:add',
    ]);
  });

  it('are more for administrators', () => {
    expect(scopeChoices(true).slice(-2)).toEqual(['audit:read', 'updates:manage']);
  });
});
