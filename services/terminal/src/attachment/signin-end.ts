import type { SigninEntry } from '@webxterm/contracts/bus';
import type { AllowList } from '@webxterm/shared/bus';

/** Why a sign-in opens no terminals any more. */
export type SigninEnd = 'signed_out' | 'user_disabled' | 'must_enrol';

/** Why the terminals of a sign-in end with this entry of the allow-list. Undefined: they do not. */
export const signinEnd = (
  allowList: Pick<AllowList, 'mustEnrol'>,
  entry: SigninEntry | undefined,
): SigninEnd | undefined => {
  if (entry === undefined) return 'signed_out';
  if (entry.disabled) return 'user_disabled';
  return allowList.mustEnrol(entry) ? 'must_enrol' : undefined;
};
