import { Schema } from 'mongoose';

/** A group of users. Its members are in `memberships` of their person records. */
export interface GroupRecord {
  group_id: string;
  name: string;
  /** Unique. */
  name_folded: string;
  description: string;
  created_at: Date;
  /** Incremented by each transaction that depends on the group, so that concurrent ones conflict. */
  rested_on: number;
}

/** A grant to a group on a machine, or to a group or a user on a tag. Grants to users on machines are in `machine_access`. */
export interface TeamGrantRecord {
  grant_id: string;
  /** The group or the user, see `holderOf`. Unique together with `target`. */
  holder: string;
  group_id: string | null;
  user_id: string | null;
  /** The machine or the tag, see `machineTarget` and `tagTarget`. */
  target: string;
  agent_id: string | null;
  /** Of a tag: it counts on the machines of this user only. ADR 57. */
  owner_id: string | null;
  owner_name: string;
  tag: string | null;
  tag_folded: string | null;
  role: 'control' | 'view';
  linux_users: string[] | null;
  granted_by: string;
  granted_by_name: string;
  created_at: Date;
}

export const holderOf = (holder: { readonly groupId: string } | { readonly userId: string }): string =>
  'groupId' in holder ? `group:${holder.groupId}` : `user:${holder.userId}`;
export const machineTarget = (agentId: string): string => `machine:${agentId}`;
export const tagTarget = (ownerId: string, tagFolded: string): string => `tag:${ownerId}:${tagFolded}`;

/**
 * A user opened terminals or ran commands on a machine while a grant to a group or on a tag gave access. Written before the first, and kept
 * until the user or the machine is removed, because it names the machines on which something of the user may still run.
 */
export interface MachineUseRecord {
  agent_id: string;
  user_id: string;
  /** As which Linux users. Null: all of the machine. */
  linux_users: string[] | null;
}

/** A change that may have taken access. Written in the transaction of the change, and removed when what it ends is in `machine_ends`. */
export interface AccessChangeRecord {
  change_id: string;
  /** The users whose access to check: these, and the members of the group. */
  user_ids: string[];
  group_id: string | null;
  /** The machine whose users to check. */
  agent_id: string | null;
  created_at: Date;
  /** Until then a hub works on it. */
  claimed_until: Date;
}

const required = { type: String, required: true };
const optional = { type: String, default: null };
const names = { type: [String], default: null };

export const groupSchema = new Schema<GroupRecord>(
  {
    group_id: required,
    name: required,
    name_folded: required,
    description: { type: String, default: '' },
    created_at: { type: Date, required: true },
    rested_on: { type: Number, default: 0 },
  },
  { collection: 'groups', versionKey: false },
)
  .index({ group_id: 1 }, { unique: true })
  .index({ name_folded: 1 }, { unique: true });

export const teamGrantSchema = new Schema<TeamGrantRecord>(
  {
    grant_id: required,
    holder: required,
    group_id: optional,
    user_id: optional,
    target: required,
    agent_id: optional,
    owner_id: optional,
    owner_name: { type: String, default: '' },
    tag: optional,
    tag_folded: optional,
    role: { type: String, enum: ['control', 'view'], required: true },
    linux_users: names,
    granted_by: required,
    granted_by_name: required,
    created_at: { type: Date, required: true },
  },
  { collection: 'team_grants', versionKey: false },
)
  .index({ grant_id: 1 }, { unique: true })
  .index({ holder: 1, target: 1 }, { unique: true })
  .index({ holder: 1, owner_id: 1 })
  .index({ target: 1 })
  .index({ owner_id: 1 });

export const machineUseSchema = new Schema<MachineUseRecord>(
  { agent_id: required, user_id: required, linux_users: names },
  { collection: 'machine_uses', versionKey: false },
)
  .index({ agent_id: 1, user_id: 1 }, { unique: true })
  .index({ user_id: 1 });

export const accessChangeSchema = new Schema<AccessChangeRecord>(
  {
    change_id: required,
    user_ids: { type: [String], default: [] },
    group_id: optional,
    agent_id: optional,
    created_at: { type: Date, required: true },
    claimed_until: { type: Date, required: true },
  },
  { collection: 'access_changes', versionKey: false },
)
  .index({ change_id: 1 }, { unique: true })
  .index({ claimed_until: 1 });
