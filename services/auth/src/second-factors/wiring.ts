import type { Api } from '@webxterm/shared/api';
import type { AccountParts } from '../accounts/wiring.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { Core } from '../core.ts';
import type { CountSignin } from '../measure.ts';
import { mountPasskeys } from '../passkeys/http.ts';
import { PasskeyEnrolment } from '../passkeys/passkey-enrolment.ts';
import { PasskeySignIn } from '../passkeys/passkey-sign-in.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { Enrolment } from './enrolment.ts';
import { mountSecondFactors } from './http.ts';
import type { SecondStepParts } from './second-step-wiring.ts';
import { StepUp } from './step-up.ts';

/** The second factors of users, and their routes. */
export const wireSecondFactors = (
  parts: Core &
    SigninParts &
    ThrottlingParts &
    SecondStepParts &
    AccountParts & { readonly apiKeys: ApiKeys; readonly countSignin: CountSignin },
) => {
  const enrolment = new Enrolment({ ...parts, issuer: `WebXTerm ${new URL(parts.settings.PUBLIC_URL).hostname}` });
  const stepUp = new StepUp(parts);
  const passkeyEnrolment = new PasskeyEnrolment(parts);
  const passkeySignIn = new PasskeySignIn(parts);
  return {
    mountSecondFactors: (api: Api): void => {
      mountSecondFactors(api, { ...parts, enrolment, stepUp });
      mountPasskeys(api, { ...parts, stepUp, passkeyEnrolment, passkeySignIn });
    },
  };
};
