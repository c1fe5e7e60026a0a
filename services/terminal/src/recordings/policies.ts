import type { MachineRecordingPolicy, RecordingPolicy, RecordingPolicyMode } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import mongoose, { type Model } from 'mongoose';
import type { PolicyRecord } from './record.ts';

const installation = 'installation';
/** From the weakest to the strongest. */
const strength: Readonly<Record<RecordingPolicyMode, number>> = { off: 0, on: 1, required: 2 };

const installationOf = (record: PolicyRecord | undefined): RecordingPolicy => ({
  mode: record?.mode ?? 'off',
  keep_days: record?.keep_days ?? null,
  keep_mib: record?.keep_mib ?? null,
});

/** The mode that applies on a machine. A mode that is not from an administrator can only be stronger than that of the installation. */
export const appliedMode = (
  base: RecordingPolicyMode,
  own: Pick<PolicyRecord, 'mode' | 'by_admin'> | undefined,
): RecordingPolicyMode => {
  if (own === undefined || own.mode === null) return base;
  return own.by_admin || strength[own.mode] > strength[base] ? own.mode : base;
};

/** The policies for recordings, of the installation and of machines. */
export class RecordingPolicies {
  readonly #model: Model<PolicyRecord>;

  constructor(model: Model<PolicyRecord>) {
    this.#model = model;
  }

  async ofInstallation(): Promise<RecordingPolicy> {
    return installationOf((await this.#model.findOne({ scope: installation }).lean()) ?? undefined);
  }

  async ofMachine(agentId: string): Promise<MachineRecordingPolicy> {
    const scopes = mongoose.trusted({ $in: [installation, agentId] });
    const found = await this.#model.find({ scope: scopes }).lean();
    const base = installationOf(found.find(({ scope }) => scope === installation));
    const own = found.find(({ scope }) => scope === agentId);
    return { mode: own?.mode ?? null, applies: { ...base, mode: appliedMode(base.mode, own) } };
  }

  /** Days for which an ended recording is kept. null: without an end. */
  async keepDays(): Promise<number | null> {
    return (await this.ofInstallation()).keep_days;
  }

  async change(change: Partial<RecordingPolicy>): Promise<RecordingPolicy> {
    await this.#model.updateOne({ scope: installation }, { $set: { ...change, by_admin: true } }, { upsert: true });
    return this.ofInstallation();
  }

  /**
   * Only administrators set less than the installation demands, or than an administrator has set.
   * @throws AppError forbidden; conflict if the policy of the machine has changed meanwhile
   */
  async changeMachine(
    agentId: string,
    mode: RecordingPolicyMode | null,
    byAdmin: boolean,
  ): Promise<MachineRecordingPolicy> {
    const [base, own] = await Promise.all([this.ofInstallation(), this.#model.findOne({ scope: agentId }).lean()]);
    const ofAdmin = own?.by_admin === true ? own.mode : null;
    if (!byAdmin && strength[mode ?? base.mode] < strength[ofAdmin ?? base.mode])
      throw new AppError('forbidden', 'Only an administrator may record less on this machine than is set now.');
    const seen = own === null ? { by_admin: false } : { mode: own.mode, by_admin: own.by_admin };
    await this.#model
      .updateOne(
        { scope: agentId, ...seen },
        { $set: { mode, by_admin: byAdmin ? mode !== null : ofAdmin !== null } },
        { upsert: true },
      )
      .catch((error: unknown) => {
        throw duplicateIndexKey(error) !== undefined
          ? new AppError('conflict', 'The policy of this machine has changed meanwhile. Try again.')
          : error;
      });
    return this.ofMachine(agentId);
  }
}
