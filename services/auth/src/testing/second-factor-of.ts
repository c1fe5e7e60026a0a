import { Secret, TOTP } from 'otpauth';
import { expect } from 'vitest';
import type { Answer, AuthUnderTest } from './auth-under-test.ts';

/** The code of an authenticator app, `steps` of 30 s from now. The service accepts the one before and the one after the current step. */
export const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 });

/** A code that no step near now has. */
export const wrongCodeOf = (secret: string): string => {
  const near = [-2, -1, 0, 1, 2].map((steps) => codeOf(secret, steps));
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code)) ?? '';
};

/** The challenge of a response second_factor_required. */
export const challengeOf = ({ status, body }: Answer): string => {
  expect([status, body.code]).toEqual([401, 'second_factor_required']);
  return String(Reflect.get(Object(body.second_factor), 'challenge'));
};

/** Sets up an authenticator app through the API. `code`: the one with which it was confirmed. */
export const setUpApp = async (
  auth: AuthUnderTest,
  { token, password }: { readonly token: string | undefined; readonly password: string },
): Promise<{ secret: string; code: string; recoveryCodes: string[] }> => {
  const begun = await auth.call('POST', '/api/profile/second-factor/totp', { current_password: password }, { token });
  expect(begun.status).toBe(200);
  const secret = String(begun.body.secret);
  const path = '/api/profile/second-factor/totp/confirm';
  const code = codeOf(secret);
  const confirmed = await auth.call('POST', path, { code }, { token });
  expect(confirmed.status).toBe(200);
  const codes = confirmed.body.recovery_codes;
  return { secret, code, recoveryCodes: Array.isArray(codes) ? codes.map(String) : [] };
};
