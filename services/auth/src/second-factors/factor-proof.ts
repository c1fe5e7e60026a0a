import type { ClientSession } from 'mongoose';
import type { User } from '../accounts/user.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { recoveryHash } from './recovery-codes.ts';
import { noSecondFactor } from './second-factor.ts';
import type { SecondFactorStore } from './second-factor-store.ts';
import { openTotpSecret, resealTotpSecret, stepOf } from './totp.ts';

/** A code that is right for the user as read. `use` decides whether it still counts. */
export interface FactorProof {
  readonly method: 'totp' | 'recovery_code' | 'passkey';
  /** Uses the code up, in the transaction that relies on it. @returns false when another one was faster, or the factor was removed */
  readonly use: (session: ClientSession) => Promise<boolean>;
}

/** The proof of a code as typed. Undefined: it is wrong. */
export const proofOf = (
  { roots, factors }: { readonly roots: RootKeys; readonly factors: SecondFactorStore },
  user: User,
  typed: string,
  now: number,
): FactorProof | undefined => {
  const userId = user._id.toHexString();
  const digits = typed.replace(/[\s-]/g, '');
  const { totp, recovery } = user.second_factor ?? noSecondFactor;
  if (/^\d{6}$/.test(digits)) {
    const secret = totp === null ? undefined : openTotpSecret(roots, userId, totp.sealed);
    const step = secret === undefined ? undefined : stepOf(secret, digits, now);
    if (totp === null || step === undefined) return undefined;
    const stored = { sealed: totp.sealed, resealed: resealTotpSecret(roots, userId, totp.sealed) };
    return { method: 'totp', use: (session) => factors.useStep(user._id, stored, step, session) };
  }
  const hash = recoveryHash(userId, typed);
  if (hash === undefined || !recovery.includes(hash)) return undefined;
  return { method: 'recovery_code', use: (session) => factors.useRecoveryCode(user._id, hash, session) };
};
