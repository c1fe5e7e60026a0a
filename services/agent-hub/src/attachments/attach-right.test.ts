import { AttachGrant, AttachOpen, Recording, Role } from '@webxterm/contracts/grpc';
import { sessionKinds } from '@webxterm/contracts/session-kinds';
import type { SharePass } from '@webxterm/shared/api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attachRight, isOwner, rightHolder } from './attach-right.ts';
import { openStream } from './open-stream.ts';
import type { Appointment } from './rendezvous.ts';
import { endWithShare } from './shared-session.ts';
import type { SpliceEnd } from './splice.ts';

const sessionId = Buffer.alloc(16, 7);
const share: SharePass = {
  share_id: 'share',
  agent_id: 'agent',
  session_id: sessionId.toString('base64url'),
  owner_user_id: 'ann',
  owner_signin: 'signin of ann',
  user_id: 'bob',
  role: 'control',
  types_always: false,
  ends_at: 10_000,
  exp: 1,
};
const open = (change: Partial<AttachOpen> = {}): AttachOpen =>
  AttachOpen.fromPartial({
    agentId: 'agent',
    sessionId,
    ownerUserId: 'ann',
    grant: AttachGrant.ATTACH_GRANT_SHARE,
    role: Role.ROLE_CONTROL,
    kind: 'pty',
    ...change,
  });
const judge = (asked: Partial<AttachOpen> = {}, pass: Partial<SharePass> | null = {}, userId = 'bob') =>
  attachRight(open(asked), userId, sessionKinds, pass === null ? undefined : { ...share, ...pass });

describe('a guest with a share', () => {
  it('attaches by the right of the owner', () => {
    const right = judge();
    expect(right).toEqual({ userId: 'bob', ownerUserId: 'ann', rights: ['open'], share });
    expect([isOwner(right), rightHolder(right)]).toEqual([false, 'ann']);
    expect(judge({ role: Role.ROLE_VIEW }).share).toEqual(share);
    expect(judge({ role: Role.ROLE_VIEW }, { role: 'view' }).share?.role).toBe('view');
  });

  it.each([
    ['no share', {}, null],
    ['a share of another session', {}, { session_id: Buffer.alloc(16, 8).toString('base64url') }],
    ['a share of another machine', {}, { agent_id: 'other' }],
    ['a share of another user', {}, { user_id: 'carol' }],
    ['a share of another owner', {}, { owner_user_id: 'carol' }],
    ['a share to view', {}, { role: 'view' }],
    ['a share that would open a session', { create: true }, {}],
    ['a share that would record it', { role: Role.ROLE_RECORD }, {}],
    ['the grant to watch', { grant: AttachGrant.ATTACH_GRANT_WATCH }, {}],
    ['no grant', { grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED }, {}],
  ] as const)('is refused with %s', (_what, asked, pass) => {
    expect(() => judge(asked, pass)).toThrow(expect.objectContaining({ code: 'session_not_found' }));
  });

  it('is no guest of its own session: the share gives its user nothing more', () => {
    expect(judge({}, { user_id: 'ann' }, 'ann')).toEqual({ userId: 'ann', ownerUserId: 'ann', rights: ['open'] });
  });
});

it('passes on the rights of an ssh connection that the caller has, of which it needs one', () => {
  const { rights } = judge({ kind: 'ssh' }, null, 'ann');
  expect(rights).toEqual(['open', 'command', 'files_read', 'files_write', 'forward']);
  const appointment = { attachId: 'a', secret: Buffer.alloc(16) } as Appointment;
  const modes = { grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED, recording: Recording.RECORDING_UNSPECIFIED };
  const facts = { userId: 'ann', ownerUserId: 'ann', ...modes, username: 'ann', typesAlways: false };
  const passedOn = ['command'] as const;
  expect(openStream(open({ kind: 'ssh' }), appointment, { ...facts, passedOn }).rights).toEqual(['command']);
});

describe('the end of a share', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 9000 }));
  afterEach(() => void vi.useRealTimers());

  it('ends the attachment at that time, unless the guest has left, and at once if it is over', () => {
    const ends: SpliceEnd[] = [];
    const end = (how: SpliceEnd): void => void ends.push(how);
    endWithShare({ share, end }, Date.now());
    endWithShare({ share, end }, Date.now())();
    endWithShare({ share: undefined, end }, Date.now());
    vi.advanceTimersByTime(999);
    expect(ends).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ends).toEqual([expect.objectContaining({ code: 'share_not_found', detach: 'revoked' })]);
    endWithShare({ share: { ...share, ends_at: 0 }, end }, Date.now());
    vi.advanceTimersByTime(0);
    expect(ends.length).toBe(2);
  });
});
