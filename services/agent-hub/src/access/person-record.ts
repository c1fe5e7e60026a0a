import { Schema } from 'mongoose';

/** A user who was blocked from sharing machines with another user. */
export interface BlockedGiver {
  user_id: string;
  /** The username at the time of the block. */
  username: string;
  created_at: Date;
}

/** That the user is in a group. */
export interface Membership {
  group_id: string;
  /** The username at that time of the administrator who added the user. */
  added_by_name: string;
  created_at: Date;
}

/** The facts about a user that the hubs store. */
export interface PersonRecord {
  user_id: string;
  /** When the account was deleted. After that nothing more is written for it. */
  departed_at: Date | null;
  blocked: BlockedGiver[];
  /** Missing in records of an earlier version. */
  memberships?: Membership[];
  /** Incremented by each transaction that depends on this record, so that concurrent ones conflict. */
  rested_on: number;
}

const required = { type: String, required: true };

export const personSchema = new Schema<PersonRecord>(
  {
    user_id: required,
    departed_at: { type: Date, default: null },
    blocked: {
      type: [
        new Schema<BlockedGiver>(
          { user_id: required, username: required, created_at: { type: Date, required: true } },
          { _id: false },
        ),
      ],
      default: [],
    },
    memberships: {
      type: [
        new Schema<Membership>(
          { group_id: required, added_by_name: required, created_at: { type: Date, required: true } },
          { _id: false },
        ),
      ],
      default: undefined,
    },
    rested_on: { type: Number, default: 0 },
  },
  { collection: 'people', versionKey: false },
)
  .index({ user_id: 1 }, { unique: true })
  .index({ 'memberships.group_id': 1 }, { sparse: true });
