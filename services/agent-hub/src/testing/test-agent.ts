import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import {
  type AgentMessage,
  AgentServiceService,
  type Hello,
  metadataKey,
  type OpenStream,
  type Refused,
  rawAgentAttach,
  type ServerMessage,
  type Welcome,
} from '@webxterm/contracts/grpc';
import { helloBytes } from '../agent-links/hello-signature.ts';
import { withoutSubchannelSharing } from './channel.ts';
import { Mailbox } from './mailbox.ts';

export type Credential = NonNullable<Hello['credential']>;
export type AgentStream = ClientDuplexStream<Buffer, Buffer>;

/** A machine with the key pair, instance id and generation of an agent. */
export class TestMachine {
  readonly #privateKey: KeyObject;
  readonly publicKey: Buffer;
  readonly name: string;
  /** The accounts that it offers. Empty: the agent is of an older version, which has one. */
  linuxUsers: string[] = [];
  instanceId = randomBytes(16);
  generation = 0n;

  constructor(name: string) {
    const pair = generateKeyPairSync('ed25519');
    this.name = name;
    this.#privateKey = pair.privateKey;
    this.publicKey = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  }

  hello(nonce: Buffer, credential: Credential, more: Partial<Hello> = {}): Hello {
    const instanceId = more.instanceId ?? this.instanceId;
    const generation = more.generation ?? this.generation;
    const proof = { nonce, channelBinding: Buffer.alloc(0), instanceId, generation };
    return {
      protocolMin: 1,
      protocolMax: 1,
      capabilities: this.linuxUsers.length === 0 ? [] : ['pty', 'command', 'linux_users'],
      instanceId,
      generation,
      publicKey: this.publicKey,
      signature: sign(null, helloBytes(proof), this.#privateKey),
      channelBinding: Buffer.alloc(0),
      credential,
      facts: {
        name: this.name,
        hostname: this.name,
        os: 'linux',
        osVersion: 'Debian 12',
        arch: 'x64',
        agentVersion: '0.1.0',
        cpuCores: 2,
        memTotalMb: 4096n,
        diskTotalGb: 40n,
        linuxUser: 'ubuntu',
        linuxUsers: this.linuxUsers,
        sshHostKey: Buffer.alloc(0),
        processUser: 'root',
        description: '',
        tags: ['test'],
      },
      registerOnly: false,
      fallbackMachineCredential: '',
      leaving: false,
      update: undefined,
      packaging: '',
      ...more,
    };
  }
}

/** One dial of a machine to a hub. Like a real agent, it uses its own gRPC client. */
export class TestLink {
  /** The hub's, host:port. */
  readonly address: string;
  readonly client: Client;
  readonly stream: ClientDuplexStream<AgentMessage, ServerMessage>;
  readonly inbox = new Mailbox<NonNullable<ServerMessage['message']>>();
  readonly ended: Promise<StatusObject>;
  welcome: Welcome | undefined;
  readonly #pings = new Mailbox<bigint>();
  answersPings = true;

  constructor(address: string) {
    this.address = address;
    this.client = new Client(address, credentials.createInsecure(), {
      ...withoutSubchannelSharing,
      'grpc-node.flow_control_window': 8 * 1024 * 1024,
    });
    const { path, requestSerialize, responseDeserialize } = AgentServiceService.stream;
    this.stream = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.stream.on('data', ({ message }: ServerMessage) => {
      if (message === undefined) return;
      if (message.$case !== 'ping') this.inbox.put(message);
      else this.#pings.put(message.value.nonce);
      if (message.$case === 'ping' && this.answersPings)
        this.send({ $case: 'pong', value: { nonce: message.value.nonce } });
    });
    this.stream.on('error', () => {});
    this.ended = new Promise((resolve) => this.stream.on('status', resolve));
    this.stream.on('end', () => this.stream.end());
  }

  send(message: NonNullable<AgentMessage['message']>): void {
    this.stream.write({ message });
  }

  async sayHello(
    machine: TestMachine,
    credential: Credential,
    more: Partial<Hello> = {},
  ): Promise<{ welcome: Welcome } | { refused: Refused }> {
    if (more.generation === undefined) machine.generation += 1n;
    const challenge = await this.inbox.take((message) => message.$case === 'challenge');
    if (challenge.$case !== 'challenge') throw new Error('no challenge');
    this.send({ $case: 'hello', value: machine.hello(challenge.value.nonce, credential, more) });
    const answer = await this.inbox.take((message) => message.$case === 'welcome' || message.$case === 'refused');
    if (answer.$case === 'refused') return { refused: answer.value };
    if (answer.$case !== 'welcome') throw new Error('neither welcome nor refused');
    this.welcome = answer.value;
    return { welcome: answer.value };
  }

  /** Resolves with the next ping. */
  async pinged(): Promise<void> {
    await this.#pings.take(() => true);
  }

  async nextOpen(): Promise<OpenStream> {
    const message = await this.inbox.take(({ $case }) => $case === 'openStream');
    if (message.$case !== 'openStream') throw new Error('no open_stream');
    return message.value;
  }

  /** Opens the requested attach stream. The fields of `forged` replace those of the request. */
  attach(open: OpenStream, forged: { linkId?: string; secret?: Buffer; attachId?: string } = {}): AgentStream {
    const metadata = new Metadata();
    metadata.set(metadataKey.linkId, forged.linkId ?? this.welcome?.linkId ?? '');
    metadata.set(metadataKey.attachId, forged.attachId ?? open.attachId);
    metadata.set(metadataKey.attachSecret, (forged.secret ?? open.secret).toString('base64url'));
    const { path, requestSerialize, responseDeserialize } = rawAgentAttach;
    const stream = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    stream.on('error', () => {});
    return stream;
  }

  /** Closes the connection without a message, as when the process dies. */
  cut(): void {
    this.stream.cancel();
    this.client.close();
  }
}

/** Dials. @throws Error unless the hub answers with a welcome */
export const dial = async (
  address: string,
  machine: TestMachine,
  credential: Credential,
  more: Partial<Hello> = {},
): Promise<TestLink & { welcome: Welcome }> => {
  const link = new TestLink(address);
  const answer = await link.sayHello(machine, credential, more);
  if ('refused' in answer) throw new Error(`refused: ${answer.refused.code}: ${answer.refused.message}`);
  return Object.assign(link, { welcome: answer.welcome });
};

/** Dials. @throws Error unless the hub refuses the dial */
export const dialRefused = async (
  address: string,
  machine: TestMachine,
  credential: Credential,
  more: Partial<Hello> = {},
): Promise<Refused> => {
  const link = new TestLink(address);
  const answer = await link.sayHello(machine, credential, more);
  link.cut();
  if ('welcome' in answer) throw new Error('welcome');
  return answer.refused;
};
