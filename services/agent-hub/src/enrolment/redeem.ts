import type { Auditor } from '@webxterm/shared';
import { makeMachineCredential, sha256Hex } from '../links/machine-credential.ts';
import { LinkRefusal } from '../links/refusal.ts';
import type { StoredMachine } from '../machines/record.ts';
import type { MachineStore, ReportedFacts } from '../machines/store.ts';
import { isRegistrationToken, registrationHash } from './registration-token.ts';

/**
 * Makes the machine that shows a registration token the one that was added with it. The token belongs to the key pair that shows it
 * first: whoever did not hear the answer may ask again, and nobody else.
 * @throws LinkRefusal bad_registration_token
 */
export const redeemToken = async (
  { store, auditor, now }: { store: MachineStore; auditor: Pick<Auditor, 'act'>; now: () => number },
  token: string,
  publicKey: Buffer,
  facts: ReportedFacts,
): Promise<{ machine: StoredMachine; machineCredential: string }> => {
  if (!isRegistrationToken(token)) throw new LinkRefusal('bad_registration_token', true);
  const machineCredential = makeMachineCredential();
  const redeemed = {
    ...facts,
    public_key: publicKey.toString('base64url'),
    credential_hash: sha256Hex(machineCredential),
  };
  const machine = await auditor.act(
    {
      action: 'machine_added',
      actor: { kind: 'service' },
      from: { clientIp: facts.ip_address, userAgent: `vsay-agent ${facts.agent_version}`, requestId: '' },
      details: { by: 'registration_token', hostname: facts.metadata.hostname },
    },
    async () => {
      const found = await store.redeem(registrationHash(token), redeemed, new Date(now()));
      if (found === undefined) throw new LinkRefusal('bad_registration_token', true);
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
