import { Secret, TOTP } from 'otpauth';
import { open, type RootKeys, seal } from '../root-keys/root-keys.ts';

/** Length of a step in ms. */
const stepMs = 30_000;
/** Steps before and after the current one whose codes are accepted, because the clock of a phone differs a little. */
const window = 1;
/** 160 bits, as RFC 4226 recommends. */
const secretBytes = 20;

const totpOf = (secret: string, label?: { readonly issuer: string; readonly account: string }): TOTP =>
  new TOTP({
    secret: Secret.fromBase32(secret),
    algorithm: 'SHA1',
    digits: 6,
    period: stepMs / 1000,
    ...(label === undefined ? {} : { issuer: label.issuer, label: label.account }),
  });

/** A new secret in base32. */
export const newTotpSecret = (): string => new Secret({ size: secretBytes }).base32;

/** The otpauth: URL of a secret. `issuer` and `account` are shown by the app. */
export const totpUrl = (secret: string, issuer: string, account: string): string =>
  totpOf(secret, { issuer, account }).toString();

/** The step of a code that is valid at `now`, in ms since 1970. Undefined: it is not valid. */
export const stepOf = (secret: string, code: string, now: number): number | undefined => {
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window });
  return delta === null ? undefined : Math.floor(now / stepMs) + delta;
};

/** The secret as it is stored: `<root id>.<AES-256-GCM>`, bound to the user. */
export const sealTotpSecret = ({ current }: RootKeys, userId: string, secret: string): string =>
  `${current.id}.${seal(current.totpSeal, secret, `${userId}:totp`)}`;

/** The secret in base32. Undefined when its root key is missing or the stored value was changed. */
export const openTotpSecret = (roots: RootKeys, userId: string, stored: string): string | undefined => {
  const [rootId = '', sealed = ''] = stored.split('.', 2);
  const root = roots.all.find((candidate) => candidate.id === rootId);
  return root && open(root.totpSeal, sealed, `${userId}:totp`);
};

/** The secret stored under the current root, undefined when it already is or cannot be decrypted. */
export const resealTotpSecret = (roots: RootKeys, userId: string, stored: string): string | undefined => {
  if (stored.startsWith(`${roots.current.id}.`)) return undefined;
  const secret = openTotpSecret(roots, userId, stored);
  return secret && sealTotpSecret(roots, userId, secret);
};
