import { hmacSha256 } from '@webxterm/shared';
import type { RootKey, RootKeys } from '../root-keys/root-keys.ts';

/** 2^12 rounds: a few tenths of a second. */
export const bcryptCost = 12;

/** The parameters for checking a stored password. */
export interface StoredPassword {
  /** The input for bcrypt, to compare with `bcrypt`. */
  readonly input: string;
  readonly bcrypt: string;
  /** Whether it uses the current format, root and cost. If not, it is replaced at the next successful check. */
  readonly upToDate: boolean;
}

/** bcrypt reads 72 bytes and stops at NUL, so it always gets these 44 characters. NFC makes é from any keyboard the same. */
export const preHash = (root: RootKey, password: string): string =>
  hmacSha256(root.pepper, password.normalize('NFC')).toString('base64');

/** `v1$<pepper id>$<bcrypt>` */
export const formatStored = (root: RootKey, bcrypt: string): string => `v1$${root.id}$${bcrypt.slice(1)}`;

const ours = /^v1\$([A-Za-z0-9_-]+)\$(2b\$\d\d\$[./A-Za-z0-9]{53})$/;
const plain = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** Undefined: no password can be checked against it (unknown root, or not a hash). */
export const readStored = (
  roots: RootKeys,
  stored: string,
  password: string,
  cost: number,
): StoredPassword | undefined => {
  if (plain.test(stored)) return { input: password, bcrypt: stored, upToDate: false };
  const [, pepperId, hash] = ours.exec(stored) ?? [];
  const root = roots.all.find((candidate) => candidate.id === pepperId);
  if (root === undefined || hash === undefined) return undefined;
  const upToDate = root.id === roots.current.id && Number(hash.slice(3, 5)) >= cost;
  return { input: preHash(root, password), bcrypt: `$${hash}`, upToDate };
};
