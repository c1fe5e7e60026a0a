import { describe, expect, it } from 'vitest';
import { advance } from './session-state.ts';

describe('session states', () => {
  it('go forward', () => {
    expect(advance({ state: 'opening' }, { state: 'live' })).toEqual({ state: 'live' });
    expect(advance({ state: 'opening' }, { state: 'ended', cause: 'spawn_failed' }).state).toBe('ended');
  });

  it('never go back, and keep the first cause of an end', () => {
    const ended = { state: 'ended', cause: 'ended_by_user' } as const;
    expect(advance<string>(ended, { state: 'live' })).toBe(ended);
    expect(advance<string>(ended, { state: 'ended', cause: 'shell_exit' })).toBe(ended);
  });
});
