import type { Hello, MachineFacts, Refused, UpdateState, Welcome } from '@webxterm/contracts/grpc';
import type { GenerationCounter } from '../identity/generation.ts';
import type { MachineKey } from '../identity/machine-key.ts';
import { HubConnection, type Security } from './hub-connection.ts';
import type { HttpProxy } from './proxy.ts';

/** Supported versions of the agent protocol. */
export const protocolVersion = { min: 1, max: 1 } as const;

/** The first registration takes longer: the hub calls the auth service and writes to the database. */
const registrationTimeoutMs = 10_000;

export type Credential = NonNullable<Hello['credential']>;

export type DialOptions = {
  security: Security;
  /** Undefined: the hub is dialled directly. */
  proxy?: HttpProxy | undefined;
  key: MachineKey;
  generation: Pick<GenerationCounter, 'raise'>;
  instanceId: Buffer;
  credential: Credential;
  /** Sent with a link pass, for a hub that does not accept the pass. */
  fallbackCredential: string;
  facts: MachineFacts;
  /** The kinds of session and the features of this agent. */
  capabilities: readonly string[];
  registerOnly: boolean;
  /** Undefined: this agent cannot update itself. */
  update?: UpdateState | undefined;
  /** `image`: this agent is updated with its container image. Default: empty. */
  packaging?: 'image' | '';
  /** The hub removes this machine. Default: false. */
  leaving?: boolean;
  /** ms to wait for each answer of the hub. */
  patienceMs: number;
};

export type DialResult =
  | { kind: 'welcome'; welcome: Welcome; connection: HubConnection }
  | { kind: 'refused'; refused: Refused }
  | { kind: 'failed'; reason: string };

/** Dials one hub and sends the hello of this machine. The connection stays open only after a welcome. */
export const dial = async (address: string, options: DialOptions): Promise<DialResult> => {
  const generation = await options.generation.raise();
  const connection = new HubConnection(address, options.security, options.proxy);
  const result = await introduce(connection, generation, options);
  if (result.kind !== 'welcome') connection.close();
  return result;
};

const introduce = async (connection: HubConnection, generation: bigint, options: DialOptions): Promise<DialResult> => {
  const first = (await connection.next(options.patienceMs))?.message;
  if (first?.$case === 'refused') return { kind: 'refused', refused: first.value };
  if (first?.$case !== 'challenge') return { kind: 'failed', reason: await reasonOfSilence(connection) };
  const { nonce, protocolMin, protocolMax } = first.value;
  if (protocolMin > protocolVersion.max || protocolMax < protocolVersion.min) {
    return { kind: 'refused', refused: noCommonProtocol(protocolMin, protocolMax) };
  }
  const claims = { nonce, channelBinding: connection.channelBinding(), instanceId: options.instanceId, generation };
  const { credential, facts, registerOnly, leaving = false } = options;
  connection.send({
    $case: 'hello',
    value: {
      protocolMin: protocolVersion.min,
      protocolMax: protocolVersion.max,
      capabilities: [...options.capabilities],
      instanceId: options.instanceId,
      generation,
      publicKey: options.key.publicKey,
      signature: options.key.signHello(claims),
      channelBinding: claims.channelBinding,
      credential,
      facts,
      registerOnly,
      fallbackMachineCredential: options.fallbackCredential,
      leaving,
      update: options.update,
      packaging: options.packaging ?? '',
    },
  });
  const registers = credential.$case === 'apiKey' || credential.$case === 'registrationToken';
  const withinMs = registers ? Math.max(registrationTimeoutMs, options.patienceMs) : options.patienceMs;
  const second = (await connection.next(withinMs))?.message;
  if (second?.$case === 'refused') return { kind: 'refused', refused: second.value };
  if (second?.$case === 'welcome') return { kind: 'welcome', welcome: second.value, connection };
  return { kind: 'failed', reason: await reasonOfSilence(connection) };
};

/** Why a hub has sent no message: the connection closed with this reason, or is still open. */
export const reasonOfSilence = (connection: HubConnection): Promise<string> =>
  Promise.race([connection.closed, new Promise<string>((resolve) => setImmediate(resolve, 'no answer in time'))]);

const noCommonProtocol = (min: number, max: number): Refused => ({
  code: 'protocol_unsupported',
  message: `The hub speaks protocol ${min} to ${max}, this agent ${protocolVersion.min} to ${protocolVersion.max}. Update the older one.`,
  permanent: true,
  retryAfterMs: 0,
  generationHeld: 0n,
});
