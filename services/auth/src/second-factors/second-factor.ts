import { Schema } from 'mongoose';

/** The confirmed authenticator app of a user. */
export interface StoredTotp {
  /** `<root id>.<AES-256-GCM>` of the secret, bound to the user. */
  sealed: string;
  added_at: Date;
  /** The latest 30-second step whose code was accepted. A code of this step or an earlier one is refused. */
  last_step: number;
}

/** An authenticator app that is being set up. It does not count yet. */
export interface PendingTotp {
  sealed: string;
  expires_at: Date;
}

/** A passkey of a user. */
export interface StoredPasskey {
  /** The public id. */
  id: string;
  /** The id of the credential, base64url. Unique among all users. */
  credential: string;
  /** COSE key, base64url. */
  public_key: string;
  /** How often the authenticator says that it was used. 0: it does not count. */
  counter: number;
  transports: string[];
  name: string;
  synced: boolean;
  added_at: Date;
  last_used_at: Date | null;
}

/** The second factors of a user, stored in the user's row, so that a sign-in conflicts with a change of them. */
export interface SecondFactor {
  totp: StoredTotp | null;
  pending: PendingTotp | null;
  /** Missing in a row of an earlier version. */
  passkeys?: StoredPasskey[];
  /** SHA-256 of the unused recovery codes. They have 80 random bits each, so a keyed or slow hash is not needed. */
  recovery: string[];
  /** When an administrator last removed the second factors. */
  reset_at: Date | null;
}

const totpSchema = new Schema<StoredTotp>(
  {
    sealed: { type: String, required: true },
    added_at: { type: Date, required: true },
    last_step: { type: Number, required: true },
  },
  { _id: false },
);

const pendingSchema = new Schema<PendingTotp>(
  { sealed: { type: String, required: true }, expires_at: { type: Date, required: true } },
  { _id: false },
);

const passkeySchema = new Schema<StoredPasskey>(
  {
    id: { type: String, required: true },
    credential: { type: String, required: true },
    public_key: { type: String, required: true },
    counter: { type: Number, required: true },
    transports: { type: [String], default: [] },
    name: { type: String, required: true },
    synced: { type: Boolean, required: true },
    added_at: { type: Date, required: true },
    last_used_at: { type: Date, default: null },
  },
  { _id: false, id: false },
);

export const secondFactorSchema = new Schema<SecondFactor>(
  {
    totp: { type: totpSchema, default: null },
    pending: { type: pendingSchema, default: null },
    passkeys: { type: [passkeySchema], default: undefined },
    recovery: { type: [String], default: [] },
    reset_at: { type: Date, default: null },
  },
  { _id: false },
);

export const noSecondFactor: SecondFactor = { totp: null, pending: null, recovery: [], reset_at: null };

interface HasFactors {
  readonly second_factor?: SecondFactor | null;
}

export const passkeysOf = (user: HasFactors): readonly StoredPasskey[] => user.second_factor?.passkeys ?? [];

/** Whether the user must prove a second factor to sign in. */
export const hasSecondFactor = (user: HasFactors): boolean =>
  user.second_factor?.totp != null || passkeysOf(user).length > 0;

/** The names of the ways in which the user can complete a sign-in. */
export const methodsOf = (user: HasFactors): string[] => [
  ...(passkeysOf(user).length === 0 ? [] : ['passkey']),
  ...(user.second_factor?.totp == null ? [] : ['totp']),
  ...((user.second_factor?.recovery.length ?? 0) === 0 ? [] : ['recovery_code']),
];
