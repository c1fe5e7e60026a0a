import { Right } from '@webxterm/contracts/rights';
import { describe, expect, it } from 'vitest';
import { scopeChoices } from './token-scopes.ts';

describe('the scopes that a user can choose for a token', () => {
  it('are those that a route or WebSocket asks for', () => {
    // No route about recordings takes a token.
    const rights = Right.options.filter((right) => right !== 'record_play');
    expect(scopeChoices(false)).toEqual([...rights, 'account:read', 'machines:add']);
  });

  it('are more for administrators', () => {
    expect(scopeChoices(true).slice(-2)).toEqual(['audit:read', 'updates:manage']);
  });
});
