import { describe, expect, it } from 'vitest';
import { closeCodeFor, closeForEnd, closeReason } from './close-codes.ts';

describe('the close frame of a terminal', () => {
  it('has a close code for each kind of error', () => {
    expect(
      (
        ['unauthenticated', 'view_only', 'machine_not_found', 'machine_offline', 'displaced', 'bad_request'] as const
      ).map(closeCodeFor),
    ).toEqual([4401, 4403, 4404, 4503, 4408, 1002]);
    for (const code of [
      'too_many_terminals',
      'too_many_sessions',
      'too_many_streams',
      'shell_not_started',
      'kind_not_supported',
    ] as const)
      expect(closeCodeFor(code)).toBe(4403);
    expect([closeCodeFor('unavailable'), closeCodeFor('too_many_requests'), closeCodeFor('internal')]).toEqual([
      1012, 1012, 1011,
    ]);
  });

  it('contains exit code and signal', () => {
    const ended = { type: 'ended', finalOffset: 0, exitCode: undefined, signal: undefined } as const;
    expect(closeForEnd({ ...ended, cause: 'shell_exit', exitCode: 3 })).toEqual({ code: 1000, reason: 'exit 3' });
    expect(closeForEnd({ ...ended, cause: 'ended_by_user', signal: 'SIGKILL' }).reason).toBe('signal SIGKILL');
    expect(closeForEnd({ ...ended, cause: 'unknown' }).code).toBe(4410);
  });

  it('cuts a reason to what a close frame can carry, between characters', () => {
    expect(Buffer.byteLength(closeReason('ä'.repeat(100)))).toBe(122);
  });
});
