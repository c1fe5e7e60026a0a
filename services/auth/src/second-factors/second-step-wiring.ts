import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { Core } from '../core.ts';
import { PasskeyCheck } from '../passkeys/passkey-check.ts';
import { relyingParty } from '../passkeys/relying-party.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { FactorChange } from './factor-change.ts';
import { SecondFactorStore } from './second-factor-store.ts';
import { SecondStep } from './second-step.ts';

export type SecondStepParts = ReturnType<typeof wireSecondStep>;

/** The second step of a sign-in, which every kind of sign-in uses. */
export const wireSecondStep = (parts: Core & SigninParts & ThrottlingParts & { readonly apiKeys: ApiKeys }) => {
  const factors = new SecondFactorStore(parts.connection);
  const { PUBLIC_URL, EXTRA_ORIGINS } = parts.settings;
  const party = relyingParty(PUBLIC_URL, EXTRA_ORIGINS);
  const passkeys = new PasskeyCheck({ ...parts, factors, party });
  const change = new FactorChange({ ...parts, factors });
  return { factors, party, passkeys, change, secondStep: new SecondStep({ ...parts, factors, passkeys }) };
};
