import { hmacSha256 } from '@webxterm/shared';
import type { RootKey, RootKeys } from '../root-keys/root-keys.ts';

/** 2^12 rounds: a few tenths of a second. */
export const bcryptCost = 12;

/** How a stored password is to be checked. */
export interface StoredPassword {
  /** What goes into bcrypt beside `bcrypt`. */
  readonly input: string;
  readonly bcrypt: string;
  /** Made the way it is made today. If not, it is made anew when the password is next known. */
  readonly upToDate: boolean;
}

/** bcrypt reads 72 bytes and stops at NUL: what it gets is always these 44 characters. NFC, so that é typed on any keyboard is é. */
export const preHash = (root: RootKey, password: string): string =>
  hmacSha256(root.pepper, password.normalize('NFC')).toString('base64');

/** `v1$<pepper id>$<bcrypt>` */
export const formatStored = (root: RootKey, bcrypt: string): string => `v1$${root.id}$${bcrypt.slice(1)}`;

const ours = /^v1\$([A-Za-z0-9_-]+)\$(2b\$\d\d\$[./A-Za-z0-9]{53})$/;
const plain = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;

/** Undefined: no password can be checked against it (another root, or not a hash at all). */
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
