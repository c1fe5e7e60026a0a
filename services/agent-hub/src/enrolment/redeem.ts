import type { Auditor } from '@webxterm/shared/audit';
import { duplicateIndexKey } from '@webxterm/shared/mongo';
import { withCredential } from '../agent-links/machine-credential.ts';
import { LinkRefusal } from '../agent-links/refusal.ts';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import type { ReportedFacts } from '../machines/agent-reports.ts';
import { isPending, type StoredMachine } from '../machines/record.ts';
import type { EnrolmentStore } from './enrolment-store.ts';
import { isRegistrationToken, registrationHash } from './registration-token.ts';

export interface RedeemOptions {
  readonly enrolments: Pick<EnrolmentStore, 'addedWith' | 'byKeyPair' | 'redeem' | 'replace'>;
  readonly auditor: Pick<Auditor, 'act'>;
  readonly now: () => number;
  /** Unix user of the stack. Undefined unless the whole stack runs on one machine. */
  readonly stackUser: string | undefined;
  /** @throws LinkRefusal if this user was deleted or disabled */
  readonly requireOwner: (ownerId: string) => Promise<void>;
  /** Called when an agent with a new key has replaced the agent of this machine. */
  readonly onReplaced: (machine: StoredMachine) => Promise<void>;
  readonly activityLog: Pick<ActivityLog, 'add'>;
}

/**
 * Assigns the dialling agent to the machine that was added with its registration token. The token is bound to the key pair that uses it
 * first: that agent may repeat the call if it missed the answer, and no other agent may use the token.
 * @throws LinkRefusal bad_registration_token, machine_revoked, machine_enrolled, user_disabled
 */
export const redeemToken = async (
  options: RedeemOptions,
  token: string,
  publicKey: Buffer,
  facts: ReportedFacts,
): Promise<{ machine: StoredMachine; machineCredential: string }> => {
  if (!isRegistrationToken(token)) throw badToken();
  const { enrolments, auditor, now, requireOwner } = options;
  const hash = registrationHash(token);
  const { machineCredential, redeemed } = withCredential(facts, publicKey, options.stackUser);
  const before = await enrolments.addedWith(hash);
  // If the current agent uses its own replacement token, it stays and gets a new credential.
  if (before !== undefined && before.registration_replaces === before.public_key && !isPending(before))
    if (before.public_key !== redeemed.public_key)
      return { machine: await replaceAgent(options, hash, before, redeemed), machineCredential };
  const machine = await auditor.act(
    {
      action: 'machine_added',
      actor: { kind: 'service' },
      from: { clientIp: facts.ip_address, userAgent: `vsay-agent ${facts.agent_version}`, requestId: '' },
      details: { by: 'registration_token', hostname: facts.metadata.hostname },
    },
    async () => {
      const found = await enrolments.redeem(hash, redeemed, new Date(now())).catch(async (error: unknown) => {
        throw duplicateIndexKey(error) === 'owner_id,public_key'
          ? await whatItIs(enrolments, hash, redeemed.public_key)
          : error;
      });
      if (found === undefined) throw badToken(whyNot(await enrolments.addedWith(hash)));
      // Checked after the write: a later deletion of the owner removes the machine. If the check fails, the agent gets no credential.
      await requireOwner(found.owner_id);
      return found;
    },
    {
      resultOf: ({ agent_id, name }) => ({
        agentId: agent_id,
        target: { type: 'machine', id: agent_id, name },
      }),
    },
  );
  return { machine, machineCredential };
};

/** Replaces the agent of a machine: the key, the credential and the links of the previous agent end. */
const replaceAgent = async (
  { enrolments, auditor, now, requireOwner, onReplaced, activityLog }: RedeemOptions,
  hash: string,
  before: StoredMachine,
  redeemed: Parameters<EnrolmentStore['replace']>[2],
): Promise<StoredMachine> => {
  // Checked before the write too: if the owner is disabled, the current agent must keep its machine.
  await requireOwner(before.owner_id);
  const { agent_id, name } = before;
  const machine = await auditor.act(
    {
      action: 'machine_replaced',
      actor: { kind: 'service' },
      from: { clientIp: redeemed.ip_address, userAgent: `vsay-agent ${redeemed.agent_version}`, requestId: '' },
      agentId: agent_id,
      target: { type: 'machine', id: agent_id, name },
      details: {
        hostname: redeemed.metadata.hostname,
        was_hostname: before.metadata.hostname,
        was_address: before.ip_address,
      },
    },
    async () => {
      const found = await enrolments.replace(hash, before, redeemed, new Date(now())).catch(async (error: unknown) => {
        throw duplicateIndexKey(error) === 'owner_id,public_key'
          ? await whatItIs(enrolments, hash, redeemed.public_key)
          : error;
      });
      if (found === undefined) throw badToken(whyNot(await enrolments.addedWith(hash)));
      await onReplaced(found);
      await requireOwner(found.owner_id);
      return found;
    },
  );
  const detail = `from ${redeemed.ip_address}, was at ${before.ip_address}`;
  await activityLog.add(machine, { what: 'replaced', by: { username: 'A new agent' }, detail });
  return machine;
};

const badToken = (message?: string): LinkRefusal =>
  new LinkRefusal('bad_registration_token', true, message === undefined ? {} : { message });

/** Why a token was refused. Only the holder of the token can get this text. */
const whyNot = (machine: StoredMachine | undefined): string | undefined => {
  if (machine === undefined) return undefined;
  const again = 'Add the machine again for a new token.';
  if (machine.revoked_at !== null) return `The machine of this registration token was removed. ${again}`;
  if (machine.registration_replaces === machine.public_key)
    return "This registration token has expired. Create a new one on the machine's page.";
  if (isPending(machine)) return `This registration token has expired. ${again}`;
  return `This registration token was used: another machine registered with it. ${again}`;
};

/** The refusal for a key pair that already belongs to a machine of this owner, which is either enrolled or removed. */
const whatItIs = async (
  enrolments: RedeemOptions['enrolments'],
  hash: string,
  publicKey: string,
): Promise<LinkRefusal> => {
  const added = await enrolments.addedWith(hash);
  const known = added && (await enrolments.byKeyPair(added.owner_id, publicKey));
  if (known === undefined) return badToken();
  if (known.revoked_at !== null) return new LinkRefusal('machine_revoked', true);
  const message = `This machine is in the list already, as ${known.name}. Remove it there, then run "vsay-agent configure" again.`;
  return new LinkRefusal('machine_enrolled', true, { message });
};
