import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  type AgentMessage,
  AgentServiceService,
  EdgeKind,
  type Hello,
  metadataKey,
  type OpenStream,
  Role,
  rawAgentAttach,
  type ServerMessage,
  type Welcome,
} from '@webxterm/contracts/grpc';
import { helloBytes } from '../identity/machine-key.ts';

export type HubControl = ServerDuplexStream<AgentMessage, ServerMessage>;
export type HubAttach = ServerDuplexStream<Buffer, Buffer>;

const welcome: Welcome = {
  agentId: 'ag_test',
  linkId: 'link-1',
  machineCredential: 'wxt_mc_test',
  linkPass: 'wxt_lp_test',
  protocol: 1,
  pingIntervalMs: 2000,
  deadAfterMs: 4000,
  statsIntervalMs: 60_000,
  ownerUsername: 'owner',
  machineName: 'box',
  capabilities: [],
  redialSpreadMs: 1000,
};

/** The request for an attach stream, of a user of a terminal unless it says otherwise. */
export const openStreamOf = (
  request: Partial<OpenStream> & Pick<OpenStream, 'sessionId' | 'viewerId'>,
): OpenStream => ({
  attachId: '',
  secret: Buffer.alloc(0),
  kind: 'pty',
  userId: 'u1',
  ownerUserId: 'u1',
  role: Role.ROLE_CONTROL,
  create: false,
  cols: 80,
  rows: 24,
  edge: EdgeKind.EDGE_KIND_V1,
  requestId: 'r',
  grant: 0,
  recording: 0,
  ...{ linuxUser: '', target: '', rights: [] },
  username: 'ann',
  typesAlways: false,
  ...request,
});

/** A real gRPC server for the agent side of a hub: hello and welcome, control messages, attach streams. */
export class TestHub {
  /** Answers a hello. Tests of refusals replace it. */
  answer: (hello: Hello) => NonNullable<ServerMessage['message']> = () => ({ $case: 'welcome', value: welcome });
  readonly hellos: Hello[] = [];
  readonly messages: NonNullable<AgentMessage['message']>[] = [];
  readonly #events = new EventEmitter();
  readonly #waiting = new Map<string, { secret: Buffer; resolve(call: HubAttach): void }>();
  #server: Server | undefined;
  #control: HubControl | undefined;
  port = 0;

  /** Uses TLS if a certificate is given. */
  async start(pair?: { certificate: string; key: string }): Promise<this> {
    const credentials =
      pair === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { cert_chain: Buffer.from(pair.certificate), private_key: Buffer.from(pair.key) },
          ]);
    const server = new Server({ 'grpc-node.flow_control_window': 8 * 1024 * 1024 });
    server.addService(
      { stream: AgentServiceService.stream, attach: rawAgentAttach },
      { stream: (call: HubControl) => this.#stream(call), attach: (call: HubAttach) => this.#attach(call) },
    );
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    this.#server = server;
    return this;
  }

  /** Drops all connections at once, like kill -9. */
  kill(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#control = undefined;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves with the current link, or with the next one. */
  async linked(): Promise<void> {
    if (this.#control === undefined) await once(this.#events, 'linked');
  }

  /** Resolves with the next link. */
  async nextLink(): Promise<void> {
    await once(this.#events, 'linked');
  }

  /** The first message of this kind, or the next one to arrive. */
  async message<K extends NonNullable<AgentMessage['message']>['$case']>(kind: K) {
    for (;;) {
      const found = this.messages.find((message) => message.$case === kind);
      if (found !== undefined) return found as Extract<NonNullable<AgentMessage['message']>, { $case: K }>;
      await once(this.#events, 'message');
    }
  }

  send(message: NonNullable<ServerMessage['message']>): void {
    this.#control?.write({ message });
  }

  /** Requests an attach stream from the agent and returns it. */
  open(request: Partial<OpenStream> & Pick<OpenStream, 'sessionId' | 'viewerId'>): Promise<HubAttach> {
    const attachId = randomBytes(8).toString('hex');
    const secret = randomBytes(16);
    const call = new Promise<HubAttach>((resolve) => this.#waiting.set(attachId, { secret, resolve }));
    this.send({ $case: 'openStream', value: { ...openStreamOf(request), attachId, secret } });
    return call;
  }

  #stream(call: HubControl): void {
    const nonce = randomBytes(32);
    call.on('error', () => undefined);
    call.on('end', () => call.end());
    call.on('data', ({ message }: AgentMessage) => {
      if (message === undefined) return;
      if (message.$case === 'ping') this.#reply(call, { $case: 'pong', value: message.value });
      if (message.$case === 'hello') this.#hello(call, nonce, message.value);
      this.messages.push(message);
      this.#events.emit('message');
    });
    this.#reply(call, { $case: 'challenge', value: { nonce, hubId: 'hub', protocolMin: 1, protocolMax: 1 } });
  }

  #hello(call: HubControl, nonce: Buffer, hello: Hello): void {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: hello.publicKey.toString('base64url') },
      format: 'jwk',
    });
    if (!verify(null, helloBytes({ ...hello, nonce }), key, hello.signature)) throw new Error('bad signature');
    this.hellos.push(hello);
    const answer = this.answer(hello);
    this.#reply(call, answer);
    if (answer.$case !== 'welcome' || hello.registerOnly) return;
    this.#control = call;
    this.#events.emit('linked');
  }

  #attach(call: HubAttach): void {
    call.on('error', () => undefined);
    const [id] = call.metadata.get(metadataKey.attachId);
    const [secret] = call.metadata.get(metadataKey.attachSecret);
    const waiting = this.#waiting.get(String(id));
    if (waiting === undefined || waiting.secret.toString('base64url') !== secret) {
      call.end();
      return;
    }
    waiting.resolve(call);
  }

  #reply(call: HubControl, message: NonNullable<ServerMessage['message']>): void {
    call.write({ message });
  }
}
