import {
  beginTotp,
  confirmLogin,
  confirmTotp,
  dismissFactorReset,
  removeTotp,
  renewRecoveryCodes,
  resetSecondFactors,
  type SecondFactors,
  secondFactors,
  stepUp as stepUpRoute,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import type { z } from 'zod';
import { signInAnswerOf, signinOriginOf } from '../accounts/http.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { readCookie } from '../browser-session/cookie.ts';
import type { CountSignin } from '../measure.ts';
import type { RelyingParty } from '../passkeys/relying-party.ts';
import type { CallerCheck } from '../signins/caller-check.ts';
import type { Enrolment } from './enrolment.ts';
import { passkeysOf } from './second-factor.ts';
import type { SecondStep } from './second-step.ts';
import type { StepUp } from './step-up.ts';

export interface SecondFactorRoutes {
  readonly users: UserStore;
  readonly party: RelyingParty | undefined;
  readonly secondStep: SecondStep;
  readonly enrolment: Enrolment;
  readonly stepUp: StepUp;
  readonly callerCheck: CallerCheck;
  readonly deviceCookieName: string;
  readonly countSignin: CountSignin;
}

/** Routes of second factors: the second step of a sign-in, the user's own factors, and their removal by an administrator. */
export const mountSecondFactors = (api: Api, options: SecondFactorRoutes): void => {
  const { users, secondStep, enrolment, stepUp, callerCheck, deviceCookieName, countSignin } = options;

  api.mount(confirmLogin, async ({ body, context }) => {
    const device = readCookie(context.request.headers.cookie, deviceCookieName);
    const from = signinOriginOf(context);
    const signedIn = await secondStep.complete(body.challenge, body.code, from, device).catch((error: unknown) => {
      countSignin({ error });
      throw error;
    });
    countSignin('ok');
    return signInAnswerOf(signedIn);
  });

  api.mount(secondFactors, async ({ caller }) => {
    const user = await users.byId(caller.userId);
    if (user === null) throw new AppError('unauthenticated');
    return factorsOf(user, options.party?.id ?? null);
  });

  api.mount(beginTotp, ({ caller, body }) => enrolment.beginTotp(caller, body.current_password));

  api.mount(confirmTotp, async ({ caller, body }) => ({
    recovery_codes: await enrolment.confirmTotp(caller, body.code),
  }));

  api.mount(removeTotp, async ({ caller }) => {
    await enrolment.removeTotp(caller);
    return undefined;
  });

  api.mount(renewRecoveryCodes, async ({ caller }) => ({
    recovery_codes: await enrolment.renewRecoveryCodes(caller),
  }));

  api.mount(dismissFactorReset, async ({ caller }) => {
    await enrolment.dismissReset(caller);
    return undefined;
  });

  api.mount(stepUpRoute, async ({ caller, body }) => ({
    valid_until: (await stepUp.confirm(caller, body.code)).toISOString(),
  }));

  api.mount(resetSecondFactors, async ({ caller, params }) => {
    await enrolment.reset(params.id, callerCheck.asAdmin(caller));
    return undefined;
  });
};

const factorsOf = (user: User, passkey_host: string | null): z.input<typeof SecondFactors> => ({
  totp: user.second_factor?.totp == null ? null : { added_at: user.second_factor.totp.added_at.toISOString() },
  passkeys: passkeysOf(user).map(({ id, name, added_at, last_used_at, synced }) => ({
    id,
    name,
    added_at: added_at.toISOString(),
    last_used_at: last_used_at?.toISOString() ?? null,
    synced,
  })),
  passkey_host,
  recovery_codes_left: user.second_factor?.recovery.length ?? 0,
  reset_at: user.second_factor?.reset_at?.toISOString() ?? null,
});
