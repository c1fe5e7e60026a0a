import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newTicket, openTicket } from './ticket.ts';

const key = randomBytes(32);
const nowMs = 1_700_000_000_750;
const caller = { userId: 'a'.repeat(24), username: 'ann', sid: 's'.repeat(32) };
const session = { agent_id: 'ag', session_id: 'session', mode: 'view', kind: 'pty', share_id: 'share' } as const;
const ticket = () => newTicket(key, caller, session, nowMs);

describe('a new ticket', () => {
  it('names its caller and its session, and no other has its id', () => {
    const { jti, ...claims } = openTicket(key, ticket(), nowMs);
    expect(claims).toEqual({
      user_id: caller.userId,
      username: 'ann',
      sid: caller.sid,
      ...session,
      exp: 1_700_000_030,
    });
    expect(Buffer.from(jti, 'base64url')).toHaveLength(16);
    expect(openTicket(key, ticket(), nowMs).jti).not.toBe(jti);
  });

  it('is refused 30 s later, and under another key', () => {
    const refused = expect.objectContaining({ code: 'unauthenticated' });
    expect(openTicket(key, ticket(), nowMs + 29_000)).toMatchObject({ username: 'ann' });
    expect(() => openTicket(key, ticket(), nowMs + 30_000)).toThrow(refused);
    expect(() => openTicket(randomBytes(32), ticket(), nowMs)).toThrow(refused);
  });
});
