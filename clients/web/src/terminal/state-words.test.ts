import { describe, expect, it } from 'vitest';
import { wordsFor } from './state-words.ts';

const place = { machine: { agent_id: `ag_${'1'.repeat(26)}`, status: 'offline' }, hadShell: false } as const;
const refused = (code: string) => wordsFor({ state: 'refused', code, message: 'The reason.' }, place);

describe('the words below a terminal', () => {
  it('promise to restore a shell only if there was one', () => {
    const unreachable = { state: 'unreachable', retryInMs: 0 } as const;
    expect(wordsFor(unreachable, place).sentence).not.toMatch(/your shell/i);
    expect(wordsFor(unreachable, { ...place, hadShell: true }).sentence).toMatch(/your shell/i);
    const pending = wordsFor(unreachable, { ...place, machine: { ...place.machine, status: 'pending' } });
    expect(pending.wayOn?.to).toBe(`/machines/${place.machine.agent_id}`);
  });

  it('offer a new shell only if one can be opened, and always a next step', () => {
    const ended = (cause: 'shell_exit' | 'machine_deleted') =>
      wordsFor({ state: 'ended', cause, exitCode: 0, signal: undefined }, place);
    expect([ended('shell_exit').newShell, ended('machine_deleted').newShell]).toEqual([true, undefined]);
    for (const code of ['machine_not_found', 'view_only', 'unauthenticated', 'displaced', 'too_many_sessions'])
      expect([code, refused(code).newShell]).toEqual([code, undefined]);
    for (const code of ['machine_not_found', 'view_only', 'unauthenticated', 'too_many_sessions'])
      expect([code, refused(code).wayOn]).not.toEqual([code, undefined]);
    // Such as that the access ended.
    expect(refused('machine_not_found').sentence).toBe('The reason.');
    expect(refused('kind_not_supported')).toMatchObject({ sentence: 'The reason.', again: 'Try again' });
  });
});
