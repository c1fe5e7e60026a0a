import { randomBytes } from 'node:crypto';
import { createConnection } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { defineMachineModels } from '../machines/record.ts';
import { type Credential, TestMachine } from '../testing/test-agent.ts';
import { sealLinkPass } from './link-pass.ts';
import { Registrar } from './registrar.ts';

const linkKey = randomBytes(32);
const now = 1_900_000_000_000;
const machine = new TestMachine('box');
const owner = { owner_id: 'a'.repeat(24), owner_username: 'ann' };
const claims = {
  ...owner,
  agent_id: `ag_${'0'.repeat(26)}`,
  machine_name: 'box',
  key_id: 'k1',
  public_key: machine.publicKey.toString('base64url'),
};
const credential = `wxt_mc_${randomBytes(32).toString('base64url')}`;

interface Circumstances {
  readonly mayHonourPasses?: boolean;
  readonly revokedKeys?: readonly string[];
  readonly fallback?: string;
  readonly dialledBy?: TestMachine;
}

const never = (): never => {
  throw new Error('a link pass needs neither database nor bus');
};

/** The result of a dial by the link pass, where every access to database and bus fails the test. */
const byPass = (
  pass: string,
  { mayHonourPasses = true, revokedKeys = [], fallback = '', dialledBy = machine }: Circumstances = {},
) => {
  const asked: string[] = [];
  const registrar = new Registrar({
    enrolments: {
      byCredential: async (hash) => {
        asked.push(hash);
        return undefined;
      },
      addedWith: never,
      byKeyPair: never,
      enrol: never,
      redeem: never,
      replace: never,
      takeBack: never,
      requireRoom: never,
    },
    models: defineMachineModels(createConnection()),
    people: { prepare: never, restOn: never },
    bus: { request: never },
    linkKey,
    mayHonourPasses: () => mayHonourPasses,
    isKeyRevoked: (keyId) => revokedKeys.includes(keyId),
    registrationsPerMinute: 1,
    stackUser: undefined,
    auditor: { act: never, count: never },
    activityLog: { add: never },
    onReplaced: never,
    now: () => now,
  });
  const given: Credential = { $case: 'linkPass', value: pass };
  const hello = dialledBy.hello(randomBytes(32), given, { fallbackMachineCredential: fallback });
  return { asked, registered: registrar.register(hello, '192.0.2.1') };
};

describe('a dial by a link pass', () => {
  const pass = sealLinkPass(linkKey, claims, now - 60_000);

  it('is registered from the pass alone, without database and bus', async () => {
    const { registered, asked } = byPass(pass);
    expect(await registered).toMatchObject({
      identity: {
        agentId: claims.agent_id,
        ownerId: claims.owner_id,
        ownerUsername: 'ann',
        machineName: 'box',
        keyId: 'k1',
        publicKey: claims.public_key,
      },
      machineCredential: undefined,
    });
    expect(asked).toEqual([]);
  });

  it.each<[string, string, Circumstances]>([
    ['while the allow-list is stale', pass, { mayHonourPasses: false }],
    ['whose API key was replaced', pass, { revokedKeys: ['k1'] }],
    ['that has expired', sealLinkPass(linkKey, claims, now - 25 * 3_600_000), {}],
    ['of another key pair', pass, { dialledBy: new TestMachine('thief') }],
    ['that this installation has not signed', sealLinkPass(randomBytes(32), claims, now), {}],
  ])('%s must show the machine credential', async (_, given, circumstances) => {
    const alone = byPass(given, circumstances);
    await expect(alone.registered).rejects.toMatchObject({ code: 'unavailable', permanent: false, retryAfterMs: 0 });
    expect(alone.asked).toEqual([]);
    const withCredential = byPass(given, { ...circumstances, fallback: credential });
    await expect(withCredential.registered).rejects.toMatchObject({ code: 'bad_credential', permanent: true });
    expect(withCredential.asked).toHaveLength(1);
  });
});
