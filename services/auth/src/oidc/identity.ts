import { createHash, randomBytes } from 'node:crypto';
import { Schema } from 'mongoose';
import type { ProvenIdentity } from './providers.ts';

/** A sign-in at a provider that is linked with an account. */
export interface StoredIdentity {
  /** The public id. */
  id: string;
  /** Stands for issuer and subject. Unique among all users. */
  key: string;
  issuer: string;
  sub: string;
  /** The e-mail address or name at the time of the link, for display. */
  name: string;
  linked_at: Date;
  last_used_at: Date | null;
}

export const identitySchema = new Schema<StoredIdentity>(
  {
    id: { type: String, required: true },
    key: { type: String, required: true },
    issuer: { type: String, required: true },
    sub: { type: String, required: true },
    name: { type: String, default: '' },
    linked_at: { type: Date, required: true },
    last_used_at: { type: Date, default: null },
  },
  { _id: false, id: false },
);

export const maxIdentities = 10;

/** An account is found by issuer and subject, never by an e-mail address. */
export const identityKey = ({ issuer, sub }: Pick<ProvenIdentity, 'issuer' | 'sub'>): string =>
  createHash('sha256')
    .update(JSON.stringify([issuer, sub]))
    .digest('base64url');

export const newIdentity = (proven: ProvenIdentity, at: Date, used: boolean): StoredIdentity => ({
  id: randomBytes(12).toString('base64url'),
  key: identityKey(proven),
  issuer: proven.issuer,
  sub: proven.sub,
  name: (proven.email ?? proven.name ?? '').slice(0, 254),
  linked_at: at,
  last_used_at: used ? at : null,
});
