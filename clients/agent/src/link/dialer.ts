import { randomBytes } from 'node:crypto';
import { agentFeatures } from '@webxterm/contracts/capabilities';
import type { MachineFacts, Refused, UpdateState, Welcome } from '@webxterm/contracts/grpc';
import { type AgentConfig, companionFiles } from '../configuration/agent-config.ts';
import type { KeptFiles } from '../configuration/kept-files.ts';
import { describeError, Failure } from '../failure.ts';
import { GenerationCounter } from '../identity/generation.ts';
import type { MachineKey } from '../identity/machine-key.ts';
import { isPartOfImage } from '../service/package.ts';
import { comparedFacts, machineFacts } from '../stats/facts.ts';
import { clockHint, type HubAddresses, hubAddresses, shuffled } from './addresses.ts';
import { patience } from './back-off.ts';
import { CredentialStore } from './credentials.ts';
import { dial } from './dial.ts';
import type { HubConnection } from './hub-connection.ts';
import { type ProxySettings, proxyFor, whyNotThrough } from './proxy.ts';

export type RoundResult =
  | { kind: 'welcome'; welcome: Welcome; connection: HubConnection }
  | { kind: 'refused'; refused: Refused }
  /** No hub answered. `reason` is a sentence for the user. */
  | { kind: 'unreachable'; reason: string };

/** `serve`: to stay linked. `register`: only to register. `leave`: to remove this machine. */
export type DialPurpose = 'serve' | 'register' | 'leave';

export type ReadFacts = () => Promise<MachineFacts>;

export type DialerParts = {
  key: MachineKey;
  kept: KeptFiles;
  proxy?: ProxySettings;
  readFacts?: ReadFacts | undefined;
  /** The names of the kinds of session that this agent has. */
  kinds?: readonly string[];
  /** The public host key of its ssh server. */
  sshHostKey?: Buffer;
  /** Undefined: this agent cannot update itself. */
  updateState?: (() => UpdateState) | undefined;
  instanceId?: Buffer | undefined;
  now: () => number;
};

/** Dials the hubs of one installation for this machine. */
export class Dialer {
  readonly #config: AgentConfig;
  readonly #credentials: CredentialStore;
  readonly #key: MachineKey;
  readonly #generation: GenerationCounter;
  /** Identifies this process for the hubs. It stays when another version replaces the process. */
  readonly instanceId: Buffer;
  /** The configuration takes precedence over the environment. */
  readonly #proxy: ProxySettings;
  readonly #readFacts: ReadFacts;
  readonly #capabilities: readonly string[];
  /** The facts that the hub has, as text to compare. */
  #reported = '';
  readonly #updateState: (() => UpdateState) | undefined;
  readonly #now: () => number;
  /** The last answer of the host, so that hubs can be dialled while the gateway is down. */
  #addresses: HubAddresses | undefined;
  /** Consecutive rounds in which no hub answered. */
  #failures = 0;

  private constructor(
    config: AgentConfig,
    parts: Omit<DialerParts, 'kept'> & { credentials: CredentialStore; generation: GenerationCounter },
  ) {
    this.instanceId = parts.instanceId ?? randomBytes(16);
    this.#config = config;
    this.#credentials = parts.credentials;
    this.#key = parts.key;
    this.#generation = parts.generation;
    this.#proxy = { proxy: config.proxy ?? parts.proxy?.proxy, no_proxy: config.no_proxy ?? parts.proxy?.no_proxy };
    this.#readFacts = parts.readFacts ?? (() => machineFacts(config, parts.sshHostKey));
    this.#updateState = parts.updateState;
    const features = agentFeatures.filter((name) => name !== 'update' || parts.updateState !== undefined);
    this.#capabilities = [...(parts.kinds ?? []), ...features];
    this.#now = parts.now;
  }

  static async open(configPath: string, config: AgentConfig, parts: DialerParts): Promise<Dialer> {
    const [credentials, generation] = await Promise.all([
      CredentialStore.open(configPath, config, parts.kept),
      GenerationCounter.open(companionFiles(configPath).generation, parts.kept),
    ]);
    return new Dialer(config, { ...parts, credentials, generation });
  }

  /**
   * Dials all hubs in random order until one answers.
   * @throws Failure if this agent has no credential
   */
  async round(purpose: DialPurpose): Promise<RoundResult> {
    let reason = `${this.#config.host} names no hub.`;
    this.#credentials.best(this.#now());
    try {
      this.#addresses = await hubAddresses({ ...this.#config, ...this.#proxy });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (this.#addresses === undefined) return { kind: 'unreachable', reason: error.message };
    }
    for (const address of shuffled(this.#addresses?.addresses ?? [])) {
      const result = await this.#dial(address, purpose);
      if (result.kind !== 'failed') {
        this.#failures = 0;
        return result;
      }
      reason = await this.#explain(address, result.reason);
    }
    this.#failures += 1;
    return { kind: 'unreachable', reason };
  }

  /** The facts about this machine, if they differ from those that the hub has. They count as reported. */
  async takeChangedFacts(): Promise<MachineFacts | undefined> {
    if (this.#reported === '') return undefined;
    const facts = await this.#readFacts();
    if (comparedFacts(facts) === this.#reported) return undefined;
    this.#reported = comparedFacts(facts);
    return facts;
  }

  /** Why a hub could not be dialled: the hub itself, the proxy, or our clock. */
  async #explain(address: string, reason: string): Promise<string> {
    const proxy = proxyFor(address, this.#proxy);
    const refused = proxy === undefined ? undefined : await whyNotThrough(proxy, address);
    if (refused !== undefined) return `The hub at ${address} cannot be dialled. ${refused}`;
    const clock = await clockHint(this.#config.host, new Error(reason), this.#proxy);
    return `The hub at ${address} does not answer (${reason}).${clock}`;
  }

  async #dial(address: string, purpose: DialPurpose) {
    const { credential, fallback } = this.#credentials.best(this.#now());
    const facts = await this.#readFacts();
    this.#reported = comparedFacts(facts);
    const result = await dial(address, {
      security: { tls: this.#addresses?.tls ?? true, ca: this.#addresses?.ca },
      proxy: proxyFor(address, this.#proxy),
      key: this.#key,
      generation: this.#generation,
      instanceId: this.instanceId,
      credential,
      fallbackCredential: fallback,
      facts,
      capabilities: this.#capabilities,
      registerOnly: purpose !== 'serve',
      leaving: purpose === 'leave',
      update: this.#updateState?.(),
      packaging: isPartOfImage ? 'image' : '',
      patienceMs: patience(this.#failures),
    }).catch((error: unknown) => ({ kind: 'failed' as const, reason: describeError(error) }));
    if (result.kind === 'welcome') await this.#credentials.keep(result.welcome, this.#now());
    if (result.kind === 'refused') return this.#refused(result.refused);
    return result;
  }

  /** A refused pass does not mean that the machine is refused: the next dial uses its credential. */
  #refused(refused: Refused): { kind: 'refused'; refused: Refused } {
    this.#generation.learn(refused.generationHeld);
    if (!this.#credentials.hasPass) return { kind: 'refused', refused };
    this.#credentials.dropPass();
    return {
      kind: 'refused',
      refused: { ...refused, permanent: false, retryAfterMs: Math.max(refused.retryAfterMs, 100) },
    };
  }
}
