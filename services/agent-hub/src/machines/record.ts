import type { InstallProgress, Machine, ResourceStats } from '@webxterm/contracts/rest';
import mongoose, { type Connection, type Model, type QueryFilter, Schema, type Types } from 'mongoose';
import { type PersonRecord, personSchema } from '../access/person-record.ts';
import {
  type AccessChangeRecord,
  accessChangeSchema,
  type GroupRecord,
  groupSchema,
  type MachineUseRecord,
  machineUseSchema,
  type TeamGrantRecord,
  teamGrantSchema,
} from '../access/team-records.ts';
import { endSchema, type TerminationRecord } from '../access/termination-record.ts';
import { type ActivityRecord, activitySchema } from '../dashboard/record.ts';
import { type EnrolmentTokenRecord, enrolmentTokenSchema } from '../enrolment/enrolment-token-record.ts';
import { type SessionLimitsRecord, sessionLimitsSchema } from '../session-limits/record.ts';
import { type MachineUpdates, type RolloutRecord, rolloutSchema } from '../updates/record.ts';
import { type StatsRecord, statsSchema } from './stats-record.ts';

/** See `MachineNotice` of the REST contract. */
export interface KeyNotice {
  kind: 'cloned' | 'replaced';
  at: Date;
  address: string;
  other_address: string;
}

/** The last report of install.sh about a machine, see `InstallProgress` of the REST contract. */
export interface StoredInstallProgress {
  step: InstallProgress['step'];
  at: Date;
  problem: InstallProgress['problem'];
}

/** A stored machine. Fields that change every second (stats, last_active) are written at most once a minute. */
export interface MachineRecord {
  agent_id: string;
  /** The user who owns the machine: the one who enrolled it, or a later owner. */
  owner_id: string;
  owner_username: string;
  name: string;
  /** Sort key of the name, see nameKey. Missing if a hub of an earlier version stored the machine after the last migration. */
  name_key?: string;
  /** Unique per owner. Null if an earlier version let two machines have the same folded name (fill-names.ts). */
  name_folded?: string | null;
  description: string;
  /** For the search. Missing or old if a hub of an earlier version stored the machine after the last migration. */
  description_folded?: string;
  tags: string[];
  /** For the search and the filter, as `description_folded`. */
  tags_folded?: string[];
  /** The folded tags that count for grants on tags, because a person set them (ADR 57). A tag counts only while it is in `tags`, too. */
  grant_tags?: string[];
  os: string;
  arch: string;
  agent_version: string;
  ip_address: string;
  /** Unix user that the agent process runs as. */
  process_user: string;
  metadata: Machine['metadata'];
  /** base64url of the raw Ed25519 key. Together with the owner it identifies the machine. */
  public_key: string;
  /** The API key under which the credential was issued. */
  key_id: string;
  /** When the API key was replaced, which revoked the credential. */
  key_revoked_at: Date | null;
  /** SHA-256 of the machine credential. */
  credential_hash: string;
  created_at: Date;
  last_active: Date | null;
  uptime_seconds: number;
  resource_stats: ResourceStats | null;
  revoked_at: Date | null;
  /** SHA-256 of the last registration token of this machine; null without one. */
  registration_hash: string | null;
  registration_expires_at: Date | null;
  /** The public key of the agent that the token may replace; null if it replaces none. */
  registration_replaces: string | null;
  /** The enrolment token that enrolled the machine. Missing in records of an earlier version. */
  enrolled_by?: string | null;
  /** The last report of install.sh with a token of this machine. Missing in records of an earlier version. */
  install?: StoredInstallProgress | null;
  /** A notice to the owner about the key, until the owner confirms it. */
  notice: KeyNotice | null;
  /** The address from which the machine enrolled by API key; null after the owner has confirmed it. */
  new_from: string | null;
  new_until: Date | null;
  /** Incremented by each grant, so that a grant conflicts with a concurrent removal or transfer. */
  grants_written: number;
  /** Missing before an agent has reported, or its owner has chosen anything. */
  updates?: MachineUpdates;
}
export type StoredMachine = MachineRecord & { _id: Types.ObjectId };

/** A grant: the access of a user who is not the owner. */
export interface AccessRecord {
  agent_id: string;
  user_id: string;
  role: 'control' | 'view';
  /** The Linux users that the grant is limited to. Null, and missing in grants of an older version: all of the machine. */
  linux_users?: string[] | null;
  granted_by: string;
  /** The username at that time. Missing in grants of an older version. */
  granted_by_name?: string;
  created_at: Date;
}

/** The key, credential hash and key id of a pending machine begin with this prefix. No real key or hash does. */
const pendingPrefix = 'pending:';
export const pendingMark = (agentId: string): string => `${pendingPrefix}${agentId}`;
export const isPending = (machine: Pick<MachineRecord, 'public_key'>): boolean =>
  machine.public_key.startsWith(pendingPrefix);
/** The filter for machines that wait for their agent, or for all others. */
export const withoutAgent = (waiting: boolean): QueryFilter<MachineRecord> => ({
  public_key: waiting ? /^pending:/ : mongoose.trusted({ $not: /^pending:/ }),
});

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
    description_folded: { type: String },
    tags: [String],
    tags_folded: { type: [String], default: undefined },
    grant_tags: { type: [String], default: undefined },
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
    enrolled_by: { type: String, default: null },
    install: { type: Schema.Types.Mixed, default: null },
    notice: { type: Schema.Types.Mixed, default: null },
    new_from: { type: String, default: null },
    new_until: { type: Date, default: null },
    grants_written: { type: Number, default: 0 },
    updates: { type: Schema.Types.Mixed },
  },
  { collection: 'machines', versionKey: false },
);
machineSchema.index({ agent_id: 1 }, { unique: true });
machineSchema.index({ owner_id: 1, public_key: 1 }, { unique: true });
machineSchema.index({ owner_id: 1, name: 1 }, { unique: true });
// Partial, so that machines without a folded name do not collide.
machineSchema.index(
  { owner_id: 1, name_folded: 1 },
  { unique: true, partialFilterExpression: { name_folded: { $type: 'string' } } },
);
// Sorted pages of the list: of all machines, of granted machines, and (below) of the machines of an owner.
machineSchema.index({ revoked_at: 1, name_key: 1, _id: 1 });
machineSchema.index({ agent_id: 1, name_key: 1, _id: 1 });
// Also counts the machines of an owner at each enrolment from the index alone.
machineSchema.index({ owner_id: 1, revoked_at: 1, name_key: 1, _id: 1 });
// Machines that a grant on a tag reaches.
machineSchema.index({ owner_id: 1, grant_tags: 1 }, { sparse: true });
machineSchema.index({ credential_hash: 1 }, { unique: true });
machineSchema.index({ key_id: 1 });
machineSchema.index(
  { registration_hash: 1 },
  { unique: true, partialFilterExpression: { registration_hash: { $type: 'string' } } },
);
// Update orders: those of a version by state, the latest change, those without a report, and requests.
machineSchema.index({ 'updates.order.version': 1, 'updates.order.state': 1 }, { sparse: true });
machineSchema.index({ 'updates.order.version': 1, 'updates.order.at': -1 }, { sparse: true });
machineSchema.index({ 'updates.order.state': 1, 'updates.order.at': 1 }, { sparse: true });
machineSchema.index(
  { 'updates.requested_at': 1 },
  { partialFilterExpression: { 'updates.requested_at': { $type: 'date' } } },
);

const accessSchema = new Schema<AccessRecord>(
  {
    agent_id: required,
    user_id: required,
    role: { type: String, enum: ['control', 'view'], required: true },
    linux_users: { type: [String], default: undefined },
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
  readonly groups: Model<GroupRecord>;
  readonly teamGrants: Model<TeamGrantRecord>;
  readonly machineUses: Model<MachineUseRecord>;
  readonly accessChanges: Model<AccessChangeRecord>;
  readonly terminations: Model<TerminationRecord>;
  readonly activity: Model<ActivityRecord>;
  readonly stats: Model<StatsRecord>;
  readonly enrolmentTokens: Model<EnrolmentTokenRecord>;
  readonly rollouts: Model<RolloutRecord>;
  readonly sessionLimits: Model<SessionLimitsRecord>;
}

/** Defines the models on the connection. `buildIndexes` then creates the collections and their indexes. */
export const defineMachineModels = (connection: Connection): MachineModels => ({
  machines: connection.model<MachineRecord>('Machine', machineSchema),
  access: connection.model<AccessRecord>('MachineAccess', accessSchema),
  people: connection.model<PersonRecord>('Person', personSchema),
  groups: connection.model<GroupRecord>('Group', groupSchema),
  teamGrants: connection.model<TeamGrantRecord>('TeamGrant', teamGrantSchema),
  machineUses: connection.model<MachineUseRecord>('MachineUse', machineUseSchema),
  accessChanges: connection.model<AccessChangeRecord>('AccessChange', accessChangeSchema),
  terminations: connection.model<TerminationRecord>('MachineEnd', endSchema),
  activity: connection.model<ActivityRecord>('MachineActivity', activitySchema),
  stats: connection.model<StatsRecord>('MachineStats', statsSchema),
  enrolmentTokens: connection.model<EnrolmentTokenRecord>('EnrolmentToken', enrolmentTokenSchema),
  rollouts: connection.model<RolloutRecord>('AgentRollout', rolloutSchema),
  sessionLimits: connection.model<SessionLimitsRecord>('SessionLimits', sessionLimitsSchema),
});
