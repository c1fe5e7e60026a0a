import { describe, expect, it } from 'vitest';
import { verdictOf } from './verdict.ts';

describe('what a closed connection means', () => {
  it('is final if reconnecting would not help', () => {
    for (const code of [1002, 1009, 4403, 4404, 4408]) expect(verdictOf(code, '', undefined).kind).toBe('refused');
    expect(verdictOf(4410, '', undefined)).toEqual({ kind: 'ended' });
    const refused = { type: 'refused', code: 'view_only', message: 'You may watch.' } as const;
    expect(verdictOf(4403, 'x', refused)).toEqual({ kind: 'refused', code: 'view_only', message: 'You may watch.' });
  });

  it('is "reconnect" for every break, and for a sign-in whose end the next ticket reports', () => {
    for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 4401, 4999])
      expect(verdictOf(code, '', undefined).kind).toBe('retry');
    expect(verdictOf(4503, '', undefined)).toEqual({ kind: 'unreachable' });
  });
});
