import type { Auditor } from '@webxterm/shared/audit';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import mongoose from 'mongoose';
import type { People } from '../access/people.ts';
import { withCredential } from '../agent-links/machine-credential.ts';
import { LinkRefusal } from '../agent-links/refusal.ts';
import { makeAgentId } from '../machines/agent-id.ts';
import type { ReportedFacts } from '../machines/agent-reports.ts';
import { inTime } from '../machines/in-time.ts';
import {
  cleanMachineName,
  maxNameTries,
  numberedName,
  storedDescription,
  storedName,
  storedTags,
} from '../machines/machine-name.ts';
import { type MachineModels, type MachineRecord, pendingMark, type StoredMachine } from '../machines/record.ts';
import { type EnrolmentStore, helloDeadlineMs, newForMs } from './enrolment-store.ts';
import type { EnrolmentTokenRecord } from './enrolment-token-record.ts';
import { enrolmentTokenHash, isEnrolmentToken } from './enrolment-tokens.ts';

export interface RedeemEnrolmentOptions {
  readonly models: Pick<MachineModels, 'machines' | 'enrolmentTokens'>;
  readonly people: Pick<People, 'prepare' | 'restOn'>;
  readonly enrolments: Pick<EnrolmentStore, 'requireRoom' | 'byKeyPair'>;
  readonly auditor: Pick<Auditor, 'act'>;
  readonly now: () => number;
  /** Unix user of the stack. Undefined unless the whole stack runs on one machine. */
  readonly stackUser: string | undefined;
  /** @throws LinkRefusal if this user was deleted or disabled */
  readonly requireOwner: (ownerId: string) => Promise<void>;
}

type Redeemed = ReportedFacts & Pick<MachineRecord, 'public_key' | 'credential_hash'>;

/**
 * Enrols the dialling agent as a new machine of the owner of an enrolment token. An agent that missed the answer may repeat the call: its
 * key pair counts once.
 * @throws LinkRefusal bad_registration_token, machine_revoked, machine_enrolled, user_disabled; AppError too_many_machines
 */
export const redeemEnrolmentToken = async (
  options: RedeemEnrolmentOptions,
  token: string,
  publicKey: Buffer,
  facts: ReportedFacts,
): Promise<{ machine: StoredMachine; machineCredential: string }> => {
  const { models, auditor, now, requireOwner, people } = options;
  const hash = enrolmentTokenHash(token);
  const found = isEnrolmentToken(token)
    ? await inTime(helloDeadlineMs, models.enrolmentTokens.findOne({ hash }).lean())
    : null;
  if (found === null) throw refusalOf(found, now());
  await requireOwner(found.owner_id);
  await inTime(helloDeadlineMs, people.prepare(found.owner_id));
  const { machineCredential, redeemed } = withCredential(facts, publicKey, options.stackUser);
  const machine = await auditor.act(
    {
      action: 'machine_added',
      actor: { kind: 'service' },
      from: { clientIp: facts.ip_address, userAgent: `vsay-agent ${facts.agent_version}`, requestId: '' },
      details: { by: 'enrolment_token', token: found.token_id, hostname: facts.metadata.hostname },
    },
    async () => {
      const enrolled = await inTurn(
        found.owner_id,
        async () => (await known(options, found, redeemed)) ?? (await enrol(options, found, redeemed)),
      );
      // Checked after the write: a later deletion of the owner removes the machine. If the check fails, the agent gets no credential.
      await requireOwner(enrolled.owner_id);
      return enrolled;
    },
    { resultOf: ({ agent_id, name }) => ({ agentId: agent_id, target: { type: 'machine', id: agent_id, name } }) },
  );
  return { machine, machineCredential };
};

const turns = new Map<string, Promise<unknown>>();

/**
 * Runs the enrolments of one owner at this hub one after the other, because concurrent transactions on one token only repeat each other.
 * Between hubs the transaction decides.
 */
const inTurn = async <T>(owner: string, work: () => Promise<T>): Promise<T> => {
  const before = turns.get(owner);
  const mine = before === undefined ? work() : before.then(work, work);
  turns.set(owner, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(owner) === mine) turns.delete(owner);
  }
};

/** The machine of this key pair with a new credential, if this token enrolled it. Undefined for a new key pair. */
const known = async (
  { models, enrolments, now }: RedeemEnrolmentOptions,
  token: EnrolmentTokenRecord,
  redeemed: Redeemed,
): Promise<StoredMachine | undefined> => {
  const before = await enrolments.byKeyPair(token.owner_id, redeemed.public_key);
  if (before === undefined) return undefined;
  if (before.revoked_at !== null) throw new LinkRefusal('machine_revoked', true);
  if (before.enrolled_by !== token.token_id) {
    const message = `This machine is in the list already, as ${before.name}. Remove it there, then run "vsay-agent configure" again.`;
    throw new LinkRefusal('machine_enrolled', true, { message });
  }
  if (token.revoked_at !== null || token.expires_at.getTime() <= now()) throw refusalOf(token, now());
  const which = { agent_id: before.agent_id, public_key: redeemed.public_key, revoked_at: null };
  const renewed = models.machines.findOneAndUpdate(which, { $set: redeemed }, { returnDocument: 'after' }).lean();
  return (await inTime(helloDeadlineMs, renewed)) ?? undefined;
};

const enrol = async (
  options: RedeemEnrolmentOptions,
  token: EnrolmentTokenRecord,
  redeemed: Redeemed,
): Promise<StoredMachine> => {
  for (let attempt = 1; attempt <= maxNameTries; attempt += 1) {
    try {
      const machine = await inTime(helloDeadlineMs, useOnce(options, token, redeemed, attempt));
      if (machine !== undefined) return machine;
      // An earlier call of this agent may have taken the last machine after its deadline.
      const late = await known(options, token, redeemed);
      if (late !== undefined) return late;
      const current = await inTime(
        helloDeadlineMs,
        options.models.enrolmentTokens.findOne({ token_id: token.token_id }).lean(),
      );
      throw refusalOf(current, options.now());
    } catch (error) {
      const index = duplicateIndexKey(error);
      if (index === undefined) throw error;
      // A concurrent call of the same agent was first.
      const same = index === 'owner_id,public_key' ? await known(options, token, redeemed) : undefined;
      if (same !== undefined) return same;
    }
  }
  throw new LinkRefusal('machine_name_taken', true);
};

/** Takes one machine from the token and creates it, in one transaction. @returns undefined if the token gives no machine any more */
const useOnce = (
  { models, people, enrolments, now }: RedeemEnrolmentOptions,
  { hash, owner_id }: EnrolmentTokenRecord,
  redeemed: Redeemed,
  attempt: number,
): Promise<StoredMachine | undefined> =>
  models.machines.db.transaction(async (session) => {
    const at = new Date(now());
    const usable = {
      hash,
      revoked_at: null,
      expires_at: mongoose.trusted({ $gt: at }),
      left: mongoose.trusted({ $gt: 0 }),
    };
    const change = { $inc: { left: -1 }, $set: { last_used: at } };
    const token = await models.enrolmentTokens
      .findOneAndUpdate(usable, change, { returnDocument: 'after', session })
      .lean();
    if (token === null || (await people.restOn(owner_id, session)) === undefined) return undefined;
    await enrolments.requireRoom(owner_id, session);
    const agentId = makeAgentId();
    const [created] = await models.machines.create(
      [
        {
          grant_tags: token.grant_tags ?? [],
          ...redeemed,
          agent_id: agentId,
          owner_id,
          owner_username: token.owner_username,
          ...storedName(numberedName(nameOf(token, redeemed.metadata.hostname), attempt)),
          ...storedDescription(''),
          ...storedTags(token.tags),
          // The machine does not depend on an API key, so replacing the API key must not revoke its credential.
          key_id: pendingMark(agentId),
          created_at: at,
          enrolled_by: token.token_id,
          new_from: redeemed.ip_address,
          new_until: new Date(at.getTime() + newForMs),
        },
      ],
      { session },
    );
    return created?.toObject();
  });

const nameOf = ({ name_pattern, machines, left }: EnrolmentTokenRecord, hostname: string): string =>
  cleanMachineName(
    name_pattern.replaceAll('{hostname}', () => hostname || 'machine').replaceAll('{n}', String(machines - left)),
  );

/** Why a token was refused. Only the holder of the token can get this text. */
const refusalOf = (token: EnrolmentTokenRecord | null, now: number): LinkRefusal => {
  const refuse = (message: string): LinkRefusal => new LinkRefusal('bad_registration_token', true, { message });
  if (token === null) return refuse('This enrolment token is not valid. Create a new one on the page "Add a machine".');
  if (token.revoked_at !== null) return refuse('This enrolment token was revoked. Create a new one.');
  if (token.expires_at.getTime() <= now) return refuse('This enrolment token has expired. Create a new one.');
  return refuse(`This enrolment token has enrolled its ${token.machines} machines. Create a new one.`);
};
