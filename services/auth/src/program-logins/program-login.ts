import { createHash, randomBytes, randomInt } from 'node:crypto';
import { programLoginSeconds, userCodeLength, userCodeLetters } from '@webxterm/contracts/rest';
import { hmacSha256 } from '@webxterm/shared';
import { type Connection, type Model, Schema } from 'mongoose';
import type { RootKeys } from '../root-keys/root-keys.ts';

/** The answer of a user to the request of a program. */
export type LoginAnswer = {
  agree: boolean;
  user_id: string;
  /** The sign-in that agreed. It must still be valid when the token is created. */
  sid_hash: string;
  signin_ref: string;
  expires_in_days: number;
  /** The keyed hash of the code that the browser brings. Null: the user typed a code, and the program asks for the answer. */
  code: string | null;
};

/** The request of a program for an access token. It is deleted when it is redeemed. */
export interface ProgramLoginRow {
  /** The keyed hash of the id. */
  _id: string;
  /** The keyed hash of the code that the user types. Null: the request has a redirect address. */
  user_code: string | null;
  host: string;
  /** The address of the program. */
  address: string;
  scopes: string[];
  /** SHA-256 of the verifier, base64url. */
  challenge: string;
  redirect_uri: string | null;
  created_at: Date;
  expires_at: Date;
  answer: LoginAnswer | null;
}

const schema = new Schema<ProgramLoginRow>(
  {
    _id: { type: String, required: true },
    user_code: { type: String, default: null },
    host: { type: String, required: true },
    address: { type: String, required: true },
    scopes: { type: [String], required: true },
    challenge: { type: String, required: true },
    redirect_uri: { type: String, default: null },
    created_at: { type: Date, required: true },
    expires_at: { type: Date, required: true },
    answer: { type: Schema.Types.Mixed, default: null },
  },
  { versionKey: false, strict: 'throw' },
)
  .index({ user_code: 1 }, { unique: true, partialFilterExpression: { user_code: { $type: 'string' } } })
  .index({ expires_at: 1 }, { expireAfterSeconds: 0 });

export const programLoginModel = (connection: Connection): Model<ProgramLoginRow> =>
  connection.model<ProgramLoginRow>('program_login', schema, 'program_logins');

/** The stored form of an id or a code. */
export const hashOf = ({ current }: RootKeys, use: 'request' | 'user code' | 'code', text: string): string =>
  hmacSha256(current.programLogin, `${use} ${text}`).toString('base64url');

export const newSecret = (): string => randomBytes(32).toString('base64url');

const newUserCode = (): string =>
  Array.from({ length: userCodeLength }, () => userCodeLetters.charAt(randomInt(userCodeLetters.length))).join('');

/** As it is shown: `BCDF-GHJK`. */
const shownCode = (code: string): string => `${code.slice(0, userCodeLength / 2)}-${code.slice(userCodeLength / 2)}`;

/** The code as it is stored, from how a user typed it. Undefined: it is none. */
export const typedCode = (text: string): string | undefined => {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, '');
  return code.length === userCodeLength && [...code].every((letter) => userCodeLetters.includes(letter))
    ? code
    : undefined;
};

/** Whether this is the verifier of the challenge (RFC 7636, S256). */
export const isVerifier = (verifier: string, challenge: string): boolean =>
  createHash('sha256').update(verifier).digest('base64url') === challenge;

export type NewProgramLogin = Pick<ProgramLoginRow, 'host' | 'address' | 'scopes' | 'challenge' | 'redirect_uri'>;

/** A new request: its secrets in plain text, and the stored fields. */
export const makeProgramLogin = (
  roots: RootKeys,
  wanted: NewProgramLogin,
  at: Date,
): { readonly request: string; readonly userCode: string | null; readonly row: ProgramLoginRow } => {
  const request = newSecret();
  const code = wanted.redirect_uri === null ? newUserCode() : undefined;
  const row = {
    ...wanted,
    _id: hashOf(roots, 'request', request),
    user_code: code === undefined ? null : hashOf(roots, 'user code', code),
    created_at: at,
    expires_at: new Date(at.getTime() + programLoginSeconds * 1000),
    answer: null,
  };
  return { request, userCode: code === undefined ? null : shownCode(code), row };
};
