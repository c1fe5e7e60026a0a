import { Schema } from 'mongoose';

/** A user whose shares somebody refuses. */
export interface BlockedGiver {
  user_id: string;
  /** As it was then. */
  username: string;
  created_at: Date;
}

/** What the hubs keep of a user. */
export interface PersonRecord {
  user_id: string;
  /** The account was deleted: nothing is written for it any more. */
  departed_at: Date | null;
  blocked: BlockedGiver[];
  /** Rises with each transaction that rests on this record, so that two that contradict each other conflict. */
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
    rested_on: { type: Number, default: 0 },
  },
  { collection: 'people', versionKey: false },
).index({ user_id: 1 }, { unique: true });
