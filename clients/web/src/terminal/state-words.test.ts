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

  it('offer a guest no shell and no machine, and say why the terminal is gone', () => {
    const visit = { ...place, machine: undefined, hadShell: true, guestOf: 'ann' };
    const ended = wordsFor({ state: 'ended', cause: 'shell_exit', exitCode: 0, signal: undefined }, visit);
    expect(ended).toMatchObject({ sentence: 'The terminal of ann has ended.', wayOn: { to: '/sessions' } });
    const lost = wordsFor({ state: 'refused', code: 'share_not_found', message: 'It is no longer shared.' }, visit);
    expect(lost).toEqual({ sentence: 'It is no longer shared.', wayOn: ended.wayOn });
    const busy = wordsFor({ state: 'refused', code: 'too_many_streams', message: 'Full.' }, visit);
    expect(busy).toMatchObject({ sentence: 'Full.', again: 'Try again' });
    for (const state of ['reconnecting', 'unreachable'] as const)
      expect(wordsFor({ state, retryInMs: 0, reason: '' }, visit).sentence).not.toMatch(/your shell/i);
  });
});
