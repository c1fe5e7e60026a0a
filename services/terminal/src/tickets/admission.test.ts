import { randomBytes } from 'node:crypto';
import { AttachGrant, EdgeKind } from '@webxterm/contracts/grpc';
import { AppError } from '@webxterm/shared';
import { makePersonalToken, openResumePass, sealResumePass, signAccessToken } from '@webxterm/shared/api';
import { describe, expect, it } from 'vitest';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { AdmissionControl, newId, type PresentedToken } from './admission.ts';
import { resumePassFor } from './resume-pass.ts';
import { sealTicket } from './ticket.ts';

const ticketKey = randomBytes(32);
const passKey = randomBytes(32);
const jwtKeys = [{ kid: 'k1', secret: randomBytes(32) }];
const nowMs = Date.now();
const seconds = Math.floor(nowMs / 1000);
const ann = 'a'.repeat(24);
const sid = 's'.repeat(32);
const bound = { jti: 'once', user_id: ann, sid, agent_id: 'ag', session_id: 'session', exp: seconds + 30 };
const ticket = { ...bound, username: 'as in the ticket', mode: 'view' } as const;
const pass = { ...bound, viewer_id: 'viewer', mode: 'control' } as const;
const unauthenticated = expect.objectContaining({ code: 'unauthenticated' });

const limits = {
  id: 'pt_1',
  scopes: ['open'],
  machines: [],
  tags: [],
  addresses: ['192.0.2.0/24'],
  owner_disabled: false,
};

/** `scopes`: the sid belongs to an access token. */
const door = (scopes?: string[]) => {
  const redeemed: [string, number][] = [];
  const entry = {
    user_id: ann,
    username: 'ann',
    role: 'user',
    disabled: false,
    exp: seconds + 60,
    epoch: 'e',
    ...(scopes === undefined ? {} : { token: { ...limits, scopes } }),
  } as const;
  const control = new AdmissionControl({
    ...{ jwtKeys, ticketKey, passKey, now: () => nowMs },
    allowList: {
      find: async (asked) => {
        if (asked !== sid) throw new AppError('unauthenticated');
        return entry;
      },
    },
    accessTokens: {
      find: async () => {
        if (entry.token === undefined) throw new AppError('unauthenticated');
        return { sid, entry: { ...entry, token: entry.token } };
      },
    },
    redemption: { redeem: async (jti, exp) => void redeemed.push([jti, exp]) },
  });
  const admission = {
    admit: (token: string | undefined, from: Partial<PresentedToken> = {}) =>
      control.admit({ token, clientIp: '192.0.2.7', inUrl: true, ...from }),
  };
  return { admission, redeemed };
};

describe('a token of an upgrade', () => {
  it('that is absent, of another kind or under the key of another kind is refused, and nothing is redeemed', async () => {
    const { admission, redeemed } = door();
    const wrong = [
      undefined,
      '',
      'wxt_lp_e30.AAAA',
      sealTicket(passKey, ticket),
      sealResumePass(ticketKey, pass),
      sealTicket(ticketKey, ticket).replace('wxt_tk_', 'wxt_rp_'),
      sealTicket(ticketKey, { ...ticket, exp: seconds }),
      sealResumePass(passKey, { ...pass, exp: seconds }),
    ];
    for (const token of wrong) await expect(admission.admit(token), String(token)).rejects.toEqual(unauthenticated);
    expect(redeemed).toEqual([]);
  });

  it('admits by an access token to any machine', async () => {
    const { admission, redeemed } = door();
    const token = signAccessToken(jwtKeys, { userId: ann, sid, now: seconds, expiresAt: seconds + 60 });
    const unbound = { agentId: undefined, sessionId: undefined, viewerId: undefined, mode: undefined };
    expect(await admission.admit(token)).toEqual({
      ...{ kind: 'jwt', sid, userId: ann, username: 'ann' },
      ...unbound,
      sessionKind: undefined,
    });
    expect(redeemed).toEqual([]);
  });

  it('admits by a ticket to its machine and session, in its mode and kind, with the name on the list', async () => {
    const { admission, redeemed } = door();
    const admitted = { kind: 'ticket', sid, userId: ann, username: 'ann', agentId: 'ag', sessionId: 'session' };
    const rest = { viewerId: undefined, mode: 'view' };
    const token = sealTicket(ticketKey, ticket);
    expect(await admission.admit(token)).toEqual({ ...admitted, ...rest, sessionKind: 'pty' });
    const piped = sealTicket(ticketKey, { ...ticket, kind: 'pipe' });
    expect(await admission.admit(piped)).toEqual({ ...admitted, ...rest, sessionKind: 'pipe' });
    expect(redeemed).toEqual([
      ['once', seconds + 30],
      ['once', seconds + 30],
    ]);
  });

  it('admits by a pass the same viewer to its machine and session', async () => {
    const { admission, redeemed } = door();
    const admitted = { kind: 'pass', sid, userId: ann, username: 'ann', agentId: 'ag', sessionId: 'session' };
    const rest = { viewerId: 'viewer', mode: 'control' };
    expect(await admission.admit(sealResumePass(passKey, pass))).toEqual({ ...admitted, ...rest, sessionKind: 'pty' });
    const piped = sealResumePass(passKey, { ...pass, kind: 'pipe', recording: 'on' });
    expect(await admission.admit(piped)).toEqual({ ...admitted, ...rest, sessionKind: 'pipe', recording: 'on' });
    expect(redeemed).toHaveLength(2);
  });

  it.each([
    ['ticket', (user_id: string, of: string) => sealTicket(ticketKey, { ...ticket, user_id, sid: of })],
    ['pass', (user_id: string, of: string) => sealResumePass(passKey, { ...pass, user_id, sid: of })],
  ])('a %s of another user or of an ended sign-in is refused and not used up', async (_kind, seal) => {
    const { admission, redeemed } = door();
    for (const token of [seal('b'.repeat(24), sid), seal(ann, 'e'.repeat(32))])
      await expect(admission.admit(token)).rejects.toEqual(unauthenticated);
    expect(redeemed).toEqual([]);
  });
});

describe('a ticket or pass', () => {
  it('admits to a forwarded connection, and to nothing else, if it is for one', async () => {
    const { admission } = door();
    const forward = { purpose: 'forward' } as const;
    const ofForward = sealResumePass(passKey, { ...pass, kind: 'tcp' });
    expect(await admission.admit(ofForward, forward)).toMatchObject({ kind: 'pass', sessionKind: 'tcp' });
    await expect(admission.admit(ofForward)).rejects.toEqual(unauthenticated);
    for (const token of [sealTicket(ticketKey, ticket), sealResumePass(passKey, pass)])
      await expect(admission.admit(token, forward)).rejects.toEqual(unauthenticated);
  });
});

describe('a personal access token', () => {
  const token = makePersonalToken();
  const notAllowed = expect.objectContaining({ code: 'token_not_allowed' });

  it('admits to any machine by a header, and not by the URL', async () => {
    const { admission } = door(['open']);
    expect(await admission.admit(token, { inUrl: false })).toMatchObject({
      kind: 'jwt',
      sid,
      userId: ann,
      agentId: undefined,
    });
    await expect(admission.admit(token)).rejects.toEqual(unauthenticated);
  });

  it('needs the scope that tickets need, and for a forwarded connection the scope forward', async () => {
    const forward = { inUrl: false, purpose: 'forward' } as const;
    expect(await door(['forward']).admission.admit(token, forward)).toMatchObject({ kind: 'jwt', sid });
    await expect(door(['open']).admission.admit(token, forward)).rejects.toEqual(notAllowed);
    await expect(door(['forward']).admission.admit(token, { inUrl: false })).rejects.toEqual(notAllowed);
    await expect(door(['see', 'command']).admission.admit(token, { inUrl: false })).rejects.toEqual(notAllowed);
  });

  it('is not replaced by a JWT for its sid', async () => {
    const forged = signAccessToken(jwtKeys, { userId: ann, sid, now: seconds, expiresAt: seconds + 60 });
    await expect(door(['open']).admission.admit(forged)).rejects.toEqual(unauthenticated);
  });

  it('admits by its tickets and passes from its addresses only, and uses up none of them elsewhere', async () => {
    const { admission, redeemed } = door(['open']);
    for (const each of [sealTicket(ticketKey, ticket), sealResumePass(passKey, pass)]) {
      await expect(admission.admit(each, { clientIp: '198.51.100.7' })).rejects.toEqual(notAllowed);
      expect(redeemed).toEqual([]);
      expect((await admission.admit(each)).sid).toBe(sid);
      redeemed.length = 0;
    }
  });
});

it('a resume pass is for the viewer of its attachment, until its time', () => {
  const request: AttachmentRequest = {
    ...{
      requestId: 'r',
      sid,
      userId: ann,
      ownerUserId: ann,
      agentId: 'ag',
      mode: 'view',
      sessionKind: 'pipe',
      recording: 'off',
    },
    ...{ grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED, edge: EdgeKind.EDGE_KIND_UNSPECIFIED },
    ...{ create: false, resumed: false, from: undefined, cols: 80, rows: 24, patienceMs: 0 },
    sessionId: Buffer.alloc(16, 0xfb),
    viewerId: Buffer.alloc(16, 0xff),
  };
  const made = resumePassFor(request, (seconds + 300) * 1000 + 999);
  expect(openResumePass(passKey, sealResumePass(passKey, made), nowMs)).toEqual({
    ...{ jti: made.jti, user_id: ann, sid, agent_id: 'ag', mode: 'view', kind: 'pipe', exp: seconds + 300 },
    session_id: '-_v7-_v7-_v7-_v7-_v7-w',
    viewer_id: '_____________________w',
  });
  expect(resumePassFor({ ...request, mode: 'control', recording: 'required' }, 0)).toMatchObject({
    mode: 'control',
    recording: 'required',
  });
  expect(resumePassFor({ ...request, mode: 'record' }, 0).mode).toBe('control');
  expect(made).not.toHaveProperty('share_id');
  expect(made).not.toHaveProperty('watch');
  expect(resumePassFor({ ...request, grant: AttachGrant.ATTACH_GRANT_WATCH }, 0).watch).toBe(true);
  const share = { share_id: 'shared' } as NonNullable<AttachmentRequest['share']>;
  expect(resumePassFor({ ...request, share }, 0).share_id).toBe('shared');
  expect(Buffer.from(made.jti, 'base64url')).toHaveLength(16);
  expect(made.jti).not.toBe(resumePassFor(request, 0).jti);
});

it('an id is 128 random bits', () => {
  expect(newId()).toHaveLength(16);
  expect(newId()).not.toEqual(newId());
});
