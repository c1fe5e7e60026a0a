import { SigninEntry } from '@webxterm/contracts/bus';
import { expect, it } from 'vitest';
import { errorFor } from '../websocket/close-codes.ts';
import { signinEnd } from './signin-end.ts';

const entry = (disabled: boolean): SigninEntry =>
  SigninEntry.parse({ user_id: 'f'.repeat(24), username: 'bob', role: 'user', disabled, exp: 1, epoch: 'one' });

const reasonWith = (mustEnrol: boolean, now: SigninEntry | undefined) => signinEnd({ mustEnrol: () => mustEnrol }, now);

it('ends the terminals of a user who is disabled with that reason, whatever else holds, and does not say that shells go on', () => {
  expect(reasonWith(false, entry(true))).toBe('user_disabled');
  expect(reasonWith(true, entry(true))).toBe('user_disabled');
  expect(errorFor('user_disabled')).toMatchObject({ code: 'user_disabled', message: 'This account is disabled.' });
});

it('ends the terminals of a sign-in that is over, or whose user must set up a second factor, and no others', () => {
  expect(reasonWith(false, undefined)).toBe('signed_out');
  expect(reasonWith(true, entry(false))).toBe('must_enrol');
  expect(reasonWith(false, entry(false))).toBeUndefined();
});
