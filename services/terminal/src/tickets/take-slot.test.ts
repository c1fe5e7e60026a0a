import { randomBytes } from 'node:crypto';
import type { SigninEntry } from '@webxterm/contracts/bus';
import { AppError } from '@webxterm/shared';
import { hashSid, sealResumePass } from '@webxterm/shared/api';
import { expect, it } from 'vitest';
import { OpenTerminals } from '../attachment/open-terminals.ts';
import { AdmissionControl } from './admission.ts';
import { takeSlot } from './take-slot.ts';
import { sealTicket } from './ticket.ts';

const key = randomBytes(32);
const now = () => 1_000_000_000_000;
const bound = { user_id: 'a'.repeat(24), sid: 'sid', agent_id: 'ag', session_id: 'session' };
const token = { ...bound, jti: 'once', mode: 'control', exp: now() / 1000 + 30 } as const;

const world = (elsewhere = 0) => {
  const entry: SigninEntry = {
    user_id: bound.user_id,
    username: 'ann',
    role: 'user',
    disabled: false,
    exp: 2e9,
    epoch: 'e',
  };
  const signins = new Map([[bound.sid, entry]]);
  const require = (sid: string): SigninEntry => {
    const signin = signins.get(sid);
    if (signin === undefined) throw new AppError('unauthenticated');
    return signin;
  };
  const allowList = { require, find: async (sid: string) => require(sid) };
  let release = (): void => {};
  const redeemed = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const redemption = {
    redeem: (): Promise<void> => {
      arrive();
      return redeemed;
    },
  };
  const terminals = new OpenTerminals({ perUser: 2, heldPerUser: 1, elsewhere: () => elsewhere, changed: () => {} });
  const admissionControl = new AdmissionControl({
    jwtKeys: [],
    ticketKey: key,
    passKey: key,
    allowList,
    redemption,
    now,
  });
  const enter = async (text: string) =>
    takeSlot(terminals, allowList, await admissionControl.admit({ token: text, clientIp: '203.0.113.9', inUrl: true }));
  return { signins, terminals, enter, arrived, release };
};

it.each([
  ['ticket', sealTicket(key, { ...token, username: 'ann' })],
  ['pass', sealResumePass(key, { ...token, viewer_id: 'viewer' })],
])('a sign-in that ends while a %s is redeemed opens no terminal', async (_kind, text) => {
  const { signins, terminals, enter, arrived, release } = world();
  const entered = enter(text);
  await arrived;
  signins.delete(bound.sid);
  // At the end of the sign-in there is no terminal to close yet.
  terminals.endSignin(hashSid(bound.sid), 'signed_out');
  release();
  await expect(entered).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(terminals.size).toBe(0);
});

it('a sign-in that continues has its place, and its end finds the place', async () => {
  const { terminals, enter, release } = world();
  release();
  const slot = await enter(sealTicket(key, { ...token, username: 'ann' }));
  const ended: string[] = [];
  slot.onEnd((why) => ended.push(why));
  terminals.endSignin(hashSid(bound.sid), 'signed_out');
  expect(ended).toEqual(['signed_out']);
});

it('only a pass counts no terminals of other instances, because the one that it continues may be among them', async () => {
  const { enter, release, terminals } = world(2);
  release();
  await expect(enter(sealTicket(key, { ...token, username: 'ann' }))).rejects.toMatchObject({
    code: 'too_many_terminals',
  });
  await enter(sealResumePass(key, { ...token, viewer_id: 'viewer' }));
  expect(terminals.size).toBe(1);
});
