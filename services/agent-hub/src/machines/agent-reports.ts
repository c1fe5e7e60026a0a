import type { Model } from 'mongoose';
import type { KeyNotice, MachineRecord } from './record.ts';

/** The machine facts of a hello. */
export type ReportedFacts = Pick<
  MachineRecord,
  'os' | 'arch' | 'agent_version' | 'ip_address' | 'process_user' | 'metadata'
>;

/** Updates machines by the reports of their agents: facts, activity, and notices about their keys. */
export class AgentReports {
  readonly #machines: Model<MachineRecord>;

  constructor(machines: Model<MachineRecord>) {
    this.#machines = machines;
  }

  /**
   * Stores the facts of a hello, and the time.
   * @returns `key_replaced` if the API key of the machine was replaced; `removed` if the machine was removed, or another agent has replaced
   * this one. Then nothing is stored
   */
  async report(
    agentId: string,
    publicKey: string,
    facts: ReportedFacts,
    now: Date,
  ): Promise<'stored' | 'key_replaced' | 'removed'> {
    const which = { agent_id: agentId, public_key: publicKey, revoked_at: null };
    const update = { $set: { ...facts, last_active: now } };
    const { matchedCount } = await this.#machines.updateOne({ ...which, key_revoked_at: null }, update);
    if (matchedCount > 0) return 'stored';
    return (await this.#machines.exists(which)) === null ? 'removed' : 'key_replaced';
  }

  /** The address of the current or last agent of the machine; undefined for an unknown machine. */
  async lastAddress(agentId: string): Promise<string | undefined> {
    const machine = await this.#machines.findOne({ agent_id: agentId }, { ip_address: 1 }).lean();
    return machine?.ip_address;
  }

  /** Stores a notice that two agents use this key. */
  async noteClone(agentId: string, publicKey: string, notice: KeyNotice): Promise<void> {
    const which = { agent_id: agentId, public_key: publicKey, revoked_at: null };
    await this.#machines.updateOne(which, { $set: { notice } });
  }

  /** Revokes the credentials that were issued under a replaced API key. */
  async revokeKey(keyId: string, now: Date): Promise<void> {
    await this.#machines.updateMany({ key_id: keyId, key_revoked_at: null }, { $set: { key_revoked_at: now } });
  }

  /** Writes the activity of many machines in one bulk write. */
  async saveActivity(activity: ReadonlyMap<string, Partial<MachineRecord>>): Promise<void> {
    if (activity.size === 0) return;
    const writes = [...activity].map(([agentId, fields]) => ({
      updateOne: { filter: { agent_id: agentId }, update: { $set: fields } },
    }));
    await this.#machines.bulkWrite(writes, { ordered: false });
  }
}
