import type { FactorRequirement } from '@webxterm/contracts/rest';
import { type ClientSession, type Connection, type Model, Schema } from 'mongoose';

/** The policy for second factors. One document for the installation. */
export interface StoredFactorPolicy {
  _id: 'installation';
  required: FactorRequirement;
  grace_days: number;
  /** Since when administrators must have one, without the days of grace. Null: they need none. */
  admins_since: Date | null;
  everyone_since: Date | null;
  /** Greater after each change. */
  version: number;
}

const schema = new Schema<StoredFactorPolicy>(
  {
    _id: { type: String, required: true },
    required: { type: String, enum: ['off', 'admins', 'everyone'], required: true },
    grace_days: { type: Number, required: true },
    admins_since: { type: Date, default: null },
    everyone_since: { type: Date, default: null },
    version: { type: Number, required: true },
  },
  { versionKey: false, strict: 'throw' },
);

export const noPolicy: StoredFactorPolicy = {
  _id: 'installation',
  required: 'off',
  grace_days: 0,
  admins_since: null,
  everyone_since: null,
  version: 0,
};

/** The factor_policies collection. */
export class FactorPolicyStore {
  readonly #model: Model<StoredFactorPolicy>;

  constructor(connection: Connection) {
    this.#model = connection.model<StoredFactorPolicy>('factor_policy', schema, 'factor_policies');
  }

  async read(session?: ClientSession): Promise<StoredFactorPolicy> {
    const found = await this.#model
      .findById(noPolicy._id)
      .session(session ?? null)
      .lean<StoredFactorPolicy>()
      .exec();
    return found ?? noPolicy;
  }

  async write(policy: StoredFactorPolicy, session: ClientSession): Promise<void> {
    await this.#model.replaceOne({ _id: policy._id }, policy, { session, upsert: true }).exec();
  }
}
