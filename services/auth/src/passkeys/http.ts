import {
  addPasskey,
  beginPasskey,
  beginPasskeySignIn,
  beginStepUpPasskey,
  confirmLoginPasskey,
  passkeySignIn as passkeySignInRoute,
  removePasskey,
  renamePasskey,
  stepUpPasskey,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { type Api, hashSid } from '@webxterm/shared/api';
import { signInAnswerOf, signinOriginOf } from '../accounts/http.ts';
import type { SignedIn } from '../accounts/signed-in.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { readCookie } from '../browser-session/cookie.ts';
import type { CountSignin } from '../measure.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { FactorProof } from '../second-factors/factor-proof.ts';
import { methodsOf } from '../second-factors/second-factor.ts';
import type { SecondFactorStore } from '../second-factors/second-factor-store.ts';
import type { SecondStep } from '../second-factors/second-step.ts';
import type { StepUp } from '../second-factors/step-up.ts';
import type { AdmittedCaller } from '../signins/caller-check.ts';
import { beginCeremony, openCeremony, type Purpose } from './ceremony.ts';
import type { PasskeyCheck } from './passkey-check.ts';
import type { PasskeyEnrolment } from './passkey-enrolment.ts';
import type { PasskeySignIn } from './passkey-sign-in.ts';

export interface PasskeyRoutes {
  readonly users: UserStore;
  readonly roots: RootKeys;
  readonly passkeys: PasskeyCheck;
  readonly factors: Pick<SecondFactorStore, 'useChallenge'>;
  readonly secondStep: SecondStep;
  readonly stepUp: StepUp;
  readonly passkeyEnrolment: PasskeyEnrolment;
  readonly passkeySignIn: PasskeySignIn;
  readonly deviceCookieName: string;
  readonly countSignin: CountSignin;
  readonly now: () => number;
}

/** Routes of passkeys: sign-in, second step, step-up, and the user's own passkeys. */
export const mountPasskeys = (api: Api, options: PasskeyRoutes): void => {
  const { users, roots, passkeys, factors, secondStep, stepUp, passkeyEnrolment, passkeySignIn, now } = options;

  const counted = async (signIn: Promise<SignedIn>) => {
    const signedIn = await signIn.catch((error: unknown) => {
      options.countSignin({ error });
      throw error;
    });
    options.countSignin('ok');
    return signInAnswerOf(signedIn);
  };

  api.mount(beginPasskeySignIn, async () => passkeySignIn.begin());

  api.mount(passkeySignInRoute, ({ body, context }) =>
    counted(passkeySignIn.complete(body.ceremony, body.credential, signinOriginOf(context))),
  );

  api.mount(confirmLoginPasskey, ({ body, context }) => {
    const device = readCookie(context.request.headers.cookie, options.deviceCookieName);
    return counted(secondStep.completeByPasskey(body.challenge, body.credential, signinOriginOf(context), device));
  });

  api.mount(beginStepUpPasskey, async ({ caller }) => {
    const user = await users.byId(caller.userId);
    if (user === null) throw new AppError('unauthenticated');
    const ceremony = beginCeremony(roots, stepUpOf(caller), now());
    const request = passkeys.requestFor(ceremony, user);
    return { methods: methodsOf(user), ...(request === undefined ? {} : { passkey: { ceremony, options: request } }) };
  });

  api.mount(stepUpPasskey, async ({ caller, body }) => {
    const { jti, expiresAt } = openCeremony(roots, body.ceremony, stepUpOf(caller), now());
    const until = await stepUp.confirmBy(caller, async (user) => {
      const proof = await passkeys.proofOf(user, body.ceremony, body.credential);
      const use: FactorProof['use'] = async (session) => {
        await factors.useChallenge(jti, expiresAt, session);
        return proof?.use(session) ?? false;
      };
      return proof && { method: proof.method, use };
    });
    return { valid_until: until.toISOString() };
  });

  api.mount(beginPasskey, ({ caller, body }) => passkeyEnrolment.begin(caller, body.current_password));

  api.mount(addPasskey, async ({ caller, body }) => ({
    recovery_codes: await passkeyEnrolment.add(caller, body.ceremony, body.name, body.credential),
  }));

  api.mount(renamePasskey, async ({ caller, params, body }) => {
    await passkeyEnrolment.rename(caller, params.id, body.name);
    return undefined;
  });

  api.mount(removePasskey, async ({ caller, params }) => {
    await passkeyEnrolment.remove(caller, params.id);
    return undefined;
  });
};

const stepUpOf = ({ sid }: AdmittedCaller): Purpose => ({ purpose: 'step-up', sid_hash: hashSid(sid) });
