import type { Machine, ResourceStats } from '@webxterm/contracts/rest';
import { type Connection, type Model, Schema, type Types } from 'mongoose';
import { type PersonRecord, personSchema } from '../access/person-record.ts';
import { endSchema, type TerminationRecord } from '../access/termination-record.ts';
import { type ActivityRecord, activitySchema } from '../dashboard/record.ts';
import { type StatsRecord, statsSchema } from './stats-record.ts';

/** See `MachineNotice` of the REST contract. */
export interface KeyNotice {
  kind: 'cloned' | 'replaced';
  at: Date;
  address: string;
  other_address: string;
}

/** A machine as it is kept. What changes by the second (stats, last_active) is written sparsely. */
export interface MachineRecord {
  agent_id: string;
  /** The user whose API key enrolled it. */
  owner_id: string;
  owner_username: string;
  name: string;
  /** The order of names. See nameKey. Missing: a hub of an earlier version stored the machine since the last start of one of this. */
  name_key?: string;
  /** Unique among the machines of the owner. Null: an earlier version let two machines have it (fill-names.ts). */
  name_folded?: string | null;
  description: string;
  tags: string[];
  os: string;
  arch: string;
  agent_version: string;
  ip_address: string;
  /** Unix user that the agent process runs as. */
  process_user: string;
  metadata: Machine['metadata'];
  /** base64url of the raw Ed25519 key: the machine's identity beside its owner. */
  public_key: string;
  /** The API key that the credential is bound to. */
  key_id: string;
  /** The key was replaced: the credential died with it. */
  key_revoked_at: Date | null;
  /** SHA-256 of the machine credential. */
  credential_hash: string;
  created_at: Date;
  last_active: Date | null;
  uptime_seconds: number;
  resource_stats: ResourceStats | null;
  revoked_at: Date | null;
  /** SHA-256 of the token that makes a machine this one; null where it is not pending, nor was just registered by one. */
  registration_hash: string | null;
  registration_expires_at: Date | null;
  /** The public key of the agent that the token may replace; null where it replaces none. */
  registration_replaces: string | null;
  /** What its owner has to know about its key, until they say that they do. */
  notice: KeyNotice | null;
  /** The address that it was enrolled from by API key; null once its owner knows of it. */
  new_from: string | null;
  new_until: Date | null;
  /** Rises with each grant, so that a grant and a removal or a new owner at the same moment conflict. */
  grants_written: number;
}
export type StoredMachine = MachineRecord & { _id: Types.ObjectId };

/** What a user who is not the owner may do with a machine. */
export interface AccessRecord {
  agent_id: string;
  user_id: string;
  role: 'control' | 'view';
  /** User id and, as it was then, name: not there in grants of an older version. */
  granted_by: string;
  granted_by_name?: string;
  created_at: Date;
}

/** Neither a key nor a hash looks like this: what a pending machine has until an agent is it. */
const pendingPrefix = 'pending:';
export const pendingMark = (agentId: string): string => `${pendingPrefix}${agentId}`;
export const isPending = (machine: Pick<MachineRecord, 'public_key'>): boolean =>
  machine.public_key.startsWith(pendingPrefix);

const text = { type: String, default: '' };
const required = { type: String, required: true };

const machineSchema = new Schema<MachineRecord>(
  {
    agent_id: required,
    owner_id: required,
    owner_username: text,
    name: required,
    name_key: { type: String },
    name_folded: { type: String },
    description: text,
    tags: [String],
    os: text,
    arch: text,
    agent_version: text,
    ip_address: text,
    process_user: text,
    metadata: Schema.Types.Mixed,
    public_key: required,
    key_id: required,
    key_revoked_at: { type: Date, default: null },
    credential_hash: required,
    created_at: { type: Date, required: true },
    last_active: { type: Date, default: null },
    uptime_seconds: { type: Number, default: 0 },
    resource_stats: { type: Schema.Types.Mixed, default: null },
    revoked_at: { type: Date, default: null },
    registration_hash: { type: String, default: null },
    registration_expires_at: { type: Date, default: null },
    registration_replaces: { type: String, default: null },
    notice: { type: Schema.Types.Mixed, default: null },
    new_from: { type: String, default: null },
    new_until: { type: Date, default: null },
    grants_written: { type: Number, default: 0 },
  },
  { collection: 'machines', versionKey: false },
);
machineSchema.index({ agent_id: 1 }, { unique: true });
machineSchema.index({ owner_id: 1, public_key: 1 }, { unique: true });
machineSchema.index({ owner_id: 1, name: 1 }, { unique: true });
// Partial: machines without a folded name do not collide.
machineSchema.index(
  { owner_id: 1, name_folded: 1 },
  { unique: true, partialFilterExpression: { name_folded: { $type: 'string' } } },
);
// A page of the list is read in its order: of everybody's machines, of an owner's, and of those that were granted.
machineSchema.index({ revoked_at: 1, name_key: 1, _id: 1 });
machineSchema.index({ agent_id: 1, name_key: 1, _id: 1 });
// How many machines an owner has is counted at each enrolment: without a look at the machines themselves.
machineSchema.index({ owner_id: 1, revoked_at: 1, name_key: 1, _id: 1 });
machineSchema.index({ credential_hash: 1 }, { unique: true });
machineSchema.index({ key_id: 1 });
machineSchema.index(
  { registration_hash: 1 },
  { unique: true, partialFilterExpression: { registration_hash: { $type: 'string' } } },
);

const accessSchema = new Schema<AccessRecord>(
  {
    agent_id: required,
    user_id: required,
    role: { type: String, enum: ['control', 'view'], required: true },
    granted_by: text,
    granted_by_name: text,
    created_at: { type: Date, required: true },
  },
  { collection: 'machine_access', versionKey: false },
);
accessSchema.index({ agent_id: 1, user_id: 1 }, { unique: true });
accessSchema.index({ user_id: 1 });

export interface MachineModels {
  readonly machines: Model<MachineRecord>;
  readonly access: Model<AccessRecord>;
  readonly people: Model<PersonRecord>;
  readonly ends: Model<TerminationRecord>;
  readonly activity: Model<ActivityRecord>;
  readonly stats: Model<StatsRecord>;
}

/** Defines the models on the connection, once; `buildIndexes` then makes the collections and their indexes. */
export const defineMachineModels = (connection: Connection): MachineModels => ({
  machines: connection.model<MachineRecord>('Machine', machineSchema),
  access: connection.model<AccessRecord>('MachineAccess', accessSchema),
  people: connection.model<PersonRecord>('Person', personSchema),
  ends: connection.model<TerminationRecord>('MachineEnd', endSchema),
  activity: connection.model<ActivityRecord>('MachineActivity', activitySchema),
  stats: connection.model<StatsRecord>('MachineStats', statsSchema),
});
