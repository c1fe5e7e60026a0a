import { describe, expect, it } from 'vitest';
import { machinesPhrase, terminalsPhrase } from './belongings-phrases.ts';

describe('what goes with an account', () => {
  it('is named, with up to five machines', () => {
    expect(machinesPhrase('You own', { machines: 1, machine_names: ['web-1'] })).toBe('You own a machine: web-1');
    const machine_names = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(machinesPhrase('They own', { machines: 7, machine_names })).toBe(
      'They own 7 machines: a, b, c, d, e and 2 more',
    );
  });

  it('states that terminals end, if there are any', () => {
    expect(terminalsPhrase('You have', 0)).toBe('');
    expect(terminalsPhrase('You have', 1)).toBe('You have a session: it ends.');
    expect(terminalsPhrase('They have', 3)).toBe('They have 3 sessions: they end.');
  });
});
