import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { Core } from '../core.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { SecondFactorStore } from './second-factor-store.ts';
import { SecondStep } from './second-step.ts';

export type SecondStepParts = ReturnType<typeof wireSecondStep>;

/** The second step of a sign-in, which every kind of sign-in uses. */
export const wireSecondStep = (parts: Core & SigninParts & ThrottlingParts & { readonly apiKeys: ApiKeys }) => {
  const factors = new SecondFactorStore(parts.connection);
  return { factors, secondStep: new SecondStep({ ...parts, factors }) };
};
