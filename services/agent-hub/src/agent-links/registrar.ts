import type { NatsConnection } from '@nats-io/transport-node';
import { findUsers, verifyApiKey } from '@webxterm/contracts/bus';
import type { Hello } from '@webxterm/contracts/grpc';
import { type Auditor, refusalFact } from '@webxterm/shared/audit';
import { ask } from '@webxterm/shared/bus';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { ActivityLog } from '../dashboard/activity-log.ts';
import type { EnrolmentStore } from '../enrolment/enrolment-store.ts';
import { isEnrolmentToken } from '../enrolment/enrolment-tokens.ts';
import { type RedeemOptions, redeemToken } from '../enrolment/redeem.ts';
import { type RedeemEnrolmentOptions, redeemEnrolmentToken } from '../enrolment/redeem-enrolment-token.ts';
import type { ReportedFacts } from '../machines/agent-reports.ts';
import { cleanMachineName } from '../machines/machine-name.ts';
import type { StoredMachine } from '../machines/record.ts';
import { readFacts, readLabels } from './agent-claims.ts';
import type { LinkIdentity } from './link.ts';
import { openLinkPass } from './link-pass.ts';
import { isApiKey, isMachineCredential, makeMachineCredential, sha256Hex } from './machine-credential.ts';
import { LinkRefusal, retryLater } from './refusal.ts';

export interface Registered {
  readonly identity: LinkIdentity;
  /** Set when newly issued. */
  readonly machineCredential: string | undefined;
  readonly facts: ReportedFacts;
}

export interface RegistrarOptions extends Pick<RedeemEnrolmentOptions, 'models' | 'people' | 'stackUser'> {
  readonly enrolments: RedeemOptions['enrolments'] &
    RedeemEnrolmentOptions['enrolments'] &
    Pick<EnrolmentStore, 'byCredential' | 'enrol' | 'takeBack'>;
  readonly bus: Pick<NatsConnection, 'request'>;
  readonly linkKey: Buffer;
  /** Link passes are accepted only while the allow-list is current. */
  readonly mayHonourPasses: () => boolean;
  /** The API key was replaced. All credentials issued under it are void. */
  readonly isKeyRevoked: (keyId: string) => boolean;
  /** Limit per API key. */
  readonly registrationsPerMinute: number;
  readonly auditor: Pick<Auditor, 'act' | 'count'>;
  readonly activityLog: Pick<ActivityLog, 'add'>;
  /** An agent with a new key has replaced the agent of this machine. Links with the previous key must end. */
  readonly onReplaced: (machine: StoredMachine) => Promise<void>;
  readonly now: () => number;
}

const registrationsEveryS = 60;
/** Wrong API keys per minute from one address. Each one costs a request to auth. */
const maxWrongKeys = 300;

/** Identifies the machine of a dial by its credential. The caller has already verified the signature of the hello. */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #registrations: RateLimiterMemory;
  readonly #wrongKeys = new RateLimiterMemory({ points: maxWrongKeys, duration: registrationsEveryS });

  constructor(options: RegistrarOptions) {
    this.#options = options;
    const points = options.registrationsPerMinute;
    this.#registrations = new RateLimiterMemory({ points, duration: registrationsEveryS });
  }

  /**
   * Whether the API key of a dial was replaced during the dial. When a key is replaced, the hub closes the links it holds. Call this once
   * the link is held, so that either that sweep or this check finds it.
   */
  isOver({ keyId }: Pick<LinkIdentity, 'keyId'>): boolean {
    return this.#options.isKeyRevoked(keyId);
  }

  /** @throws LinkRefusal; AppError and database errors if the credential could not be checked */
  async register(hello: Hello, address: string): Promise<Registered> {
    const facts = readFacts(hello.facts, address);
    switch (hello.credential?.$case) {
      case 'linkPass':
        return (
          this.#byPass(hello, hello.credential.value, facts) ??
          this.#byCredential(hello, hello.fallbackMachineCredential, facts)
        );
      case 'machineCredential':
        return this.#byCredential(hello, hello.credential.value, facts);
      case 'apiKey':
        return this.#byApiKey(hello, hello.credential.value, facts);
      case 'registrationToken':
        return this.#byToken(hello, hello.credential.value, facts);
      default:
        throw new LinkRefusal('bad_credential', true, { message: 'The hello carries no credential.' });
    }
  }

  #byPass(hello: Hello, text: string, facts: ReportedFacts): Registered | undefined {
    const { linkKey, now, mayHonourPasses, isKeyRevoked } = this.#options;
    const pass = openLinkPass(linkKey, text, hello.publicKey, now());
    if (pass === undefined || !mayHonourPasses() || isKeyRevoked(pass.key_id)) return undefined;
    const identity = {
      agentId: pass.agent_id,
      ownerId: pass.owner_id,
      ownerUsername: pass.owner_username,
      machineName: pass.machine_name,
      keyId: pass.key_id,
      ...dialOf(hello, facts),
    };
    return { identity, machineCredential: undefined, facts };
  }

  async #byCredential(hello: Hello, credential: string, facts: ReportedFacts): Promise<Registered> {
    if (credential === '') throw retryLater('The link pass is not accepted now. Dial with the machine credential.', 0);
    if (!isMachineCredential(credential)) throw new LinkRefusal('bad_credential', true);
    const machine = await this.#options.enrolments.byCredential(sha256Hex(credential));
    if (machine === undefined || machine.public_key !== hello.publicKey.toString('base64url'))
      throw new LinkRefusal('bad_credential', true);
    if (machine.revoked_at !== null) throw new LinkRefusal('machine_revoked', true);
    if (machine.key_revoked_at !== null || this.#options.isKeyRevoked(machine.key_id))
      throw new LinkRefusal('bad_credential', true);
    return { identity: identityOf(machine, hello, facts), machineCredential: undefined, facts };
  }

  async #throttle(keyHash: string): Promise<void> {
    const within = await this.#registrations.consume(keyHash).catch(() => undefined);
    if (within === undefined)
      throw retryLater('Too many machines register with this API key at once.', registrationsEveryS * 1000);
  }

  async #checkWrongKeys(address: string): Promise<void> {
    const tried = await this.#wrongKeys.get(address);
    if (tried !== null && tried.consumedPoints >= maxWrongKeys)
      throw retryLater('Too many wrong API keys came from this address.', registrationsEveryS * 1000);
  }

  async #byToken(hello: Hello, token: string, facts: ReportedFacts): Promise<Registered> {
    await this.#throttle(sha256Hex(facts.ip_address));
    const options = { ...this.#options, requireOwner: (ownerId: string) => this.#requireOwner(ownerId) };
    const redeem = isEnrolmentToken(token) ? redeemEnrolmentToken : redeemToken;
    const { machine, machineCredential } = await redeem(options, token, hello.publicKey, facts);
    return { identity: identityOf(machine, hello, facts), machineCredential, facts };
  }

  async #byApiKey(hello: Hello, apiKey: string, facts: ReportedFacts): Promise<Registered> {
    if (!isApiKey(apiKey)) throw new LinkRefusal('bad_api_key', true);
    await this.#checkWrongKeys(facts.ip_address);
    await this.#throttle(sha256Hex(apiKey));
    const { bus, enrolments, now } = this.#options;
    const question = { key_sha256: sha256Hex(apiKey), ip_address: facts.ip_address };
    const owner = await ask(bus, verifyApiKey, question).catch((error: unknown) => this.#refused(error, facts));
    const machineCredential = makeMachineCredential();
    const at = new Date(now());
    const machine = await this.#audited(owner, facts, at, async () => {
      const enrolled = await enrolments.enrol(
        {
          ...facts,
          owner_id: owner.user_id,
          owner_username: owner.username,
          name: cleanMachineName(hello.facts?.name ?? '', hello.facts?.hostname ?? ''),
          ...readLabels(hello.facts),
          public_key: hello.publicKey.toString('base64url'),
          key_id: owner.key_id,
          credential_hash: sha256Hex(machineCredential),
        },
        at,
      );
      // The key is verified again after the write, in case it was replaced in between. A later replacement finds the machine and marks it.
      await ask(bus, verifyApiKey, question).catch(async (error: unknown) => {
        await enrolments.takeBack(enrolled, at);
        throw error;
      });
      return enrolled;
    });
    return { identity: identityOf(machine, hello, facts), machineCredential, facts };
  }

  /** @throws LinkRefusal if the owner was deleted or disabled */
  async #requireOwner(ownerId: string): Promise<void> {
    const { users } = await ask(this.#options.bus, findUsers, { user_ids: [ownerId] });
    const [owner] = users;
    if (owner === undefined) throw new LinkRefusal('bad_registration_token', true);
    if (owner.disabled) throw new LinkRefusal('user_disabled', true);
  }

  /** Audits a wrong API key, at most once a minute for the same address. */
  async #refused(error: unknown, facts: ReportedFacts): Promise<never> {
    const { result, reason } = refusalFact(error);
    const fact = {
      action: 'machine_added',
      result,
      reason,
      actor: { kind: 'nobody' },
      from: dialledFrom(facts),
    } as const;
    if (result === 'denied') await this.#wrongKeys.penalty(facts.ip_address, 1);
    if (result === 'denied') await this.#options.auditor.count(`${reason} ${facts.ip_address}`, fact);
    throw error;
  }

  #audited(
    owner: { user_id: string; username: string; key_id: string },
    facts: ReportedFacts,
    at: Date,
    enrol: () => Promise<StoredMachine>,
  ): Promise<StoredMachine> {
    const actor = { kind: 'api_key', ...owner } as const;
    return this.#options.auditor.act({ action: 'machine_added', actor, from: dialledFrom(facts) }, enrol, {
      resultOf: (machine) => ({
        agentId: machine.agent_id,
        target: { type: 'machine', id: machine.agent_id, name: machine.name },
        // Whether the machine existed before.
        details: { again: machine.created_at.getTime() !== at.getTime(), hostname: facts.metadata.hostname },
      }),
    });
  }
}

const dialledFrom = (facts: ReportedFacts) => ({
  clientIp: facts.ip_address,
  userAgent: `vsay-agent ${facts.agent_version}`,
  requestId: '',
});

const dialOf = (hello: Hello, facts: ReportedFacts) => ({
  instanceId: hello.instanceId.toString('base64url'),
  generation: hello.generation,
  publicKey: hello.publicKey.toString('base64url'),
  agentVersion: facts.agent_version,
  linuxUsers: facts.metadata.linux_users ?? [facts.metadata.linux_user],
  address: facts.ip_address,
});

const identityOf = (machine: StoredMachine, hello: Hello, facts: ReportedFacts): LinkIdentity => ({
  agentId: machine.agent_id,
  ownerId: machine.owner_id,
  ownerUsername: machine.owner_username,
  machineName: machine.name,
  keyId: machine.key_id,
  ...dialOf(hello, facts),
});
