import { createHash, randomBytes } from 'node:crypto';
import { withoutGrantTags } from '../access/hosts-stack.ts';
import type { ReportedFacts } from '../machines/agent-reports.ts';

const prefix = 'wxt_mc_';

/** The credential that a machine uses after enrolment instead of the API key: 256 random bits. Only its hash is stored. */
export const makeMachineCredential = (): string => `${prefix}${randomBytes(32).toString('base64url')}`;

export const isMachineCredential = (text: string): boolean => /^wxt_mc_[A-Za-z0-9_-]{43}$/.test(text);

export const isApiKey = (text: string): boolean => /^vsay_ak_[0-9A-Za-z]{32}$/.test(text);

/** Hash for stored credentials, and for API keys sent to auth. They have 190 bits or more, so a plain hash is safe from a search. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A new credential for the machine of this key pair, and what is stored with the facts of its agent. */
export const withCredential = (facts: ReportedFacts, publicKey: Buffer, stackUser: string | undefined) => {
  const machineCredential = makeMachineCredential();
  return {
    machineCredential,
    redeemed: {
      ...facts,
      ...withoutGrantTags(facts, stackUser),
      public_key: publicKey.toString('base64url'),
      credential_hash: sha256Hex(machineCredential),
    },
  };
};
