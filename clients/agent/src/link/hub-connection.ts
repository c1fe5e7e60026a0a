import { Client, type ClientDuplexStream, credentials, type Metadata } from '@grpc/grpc-js';
import {
  type AgentMessage,
  AgentServiceService,
  certificateName,
  rawAgentAttach,
  type ServerMessage,
} from '@webxterm/contracts/grpc';
import { withChannelBinding } from './channel-binding.ts';
import type { HttpProxy } from './proxy.ts';

/** How a hub is reached: without TLS, or with TLS verified by a private CA (PEM) or the public ones. */
export type Security = { tls: boolean; ca: string | undefined };

/** Options for CONNECT through the proxy: gRPC dials the proxy and uses the hub's address for CONNECT and TLS. */
const throughProxy = (address: string, proxy: HttpProxy | undefined) =>
  proxy === undefined
    ? {}
    : {
        'grpc.http_connect_target': `dns:${address}`,
        'grpc.default_authority': address,
        ...(proxy.credentials === undefined ? {} : { 'grpc.http_connect_creds': proxy.credentials }),
      };

export type AttachCall = ClientDuplexStream<Buffer, Buffer>;

/**
 * HTTP/2 windows must never block a stream; only the limits of the frame protocol do. Input is limited to 256 KiB per attachment, so this
 * has room for 256 attachments.
 */
const flowControlWindow = 64 * 1024 * 1024;
/** Bytes. Input frames have 16 KiB, control messages less. */
const maxMessage = 1024 * 1024;

const credentialsFor = ({ tls, ca }: Security) =>
  tls ? credentials.createSsl(ca === undefined ? null : Buffer.from(ca)) : credentials.createInsecure();

/** A private CA certifies hubs by a fixed name, independent of their address. Public CAs certify the address itself. */
const nameFor = ({ tls, ca }: Security) =>
  !tls || ca === undefined ? {} : { 'grpc.ssl_target_name_override': certificateName.hubForAgents };

/** One exclusive gRPC connection to one hub, and its control stream. */
export class HubConnection {
  readonly address: string;
  /** Resolves with the reason when the control stream ends. */
  readonly closed: Promise<string>;
  /** The channel binding of this connection for signatures, available after the hub's first message. Empty without TLS. */
  readonly channelBinding: () => Buffer;
  readonly #client: Client;
  readonly #control: ClientDuplexStream<AgentMessage, ServerMessage>;
  readonly #attachCalls = new Set<AttachCall>();
  #pending: ServerMessage[] = [];
  #handler: ((message: ServerMessage) => void) | undefined;
  #over = false;

  constructor(address: string, security: Security, proxy?: HttpProxy) {
    this.address = address;
    this.#client = new Client(proxy?.address ?? address, credentialsFor(security), {
      // Otherwise grpc-js shares connections between dials, and streams could reach another hub.
      'grpc.use_local_subchannel_pool': 1,
      ...nameFor(security),
      ...throughProxy(address, proxy),
      'grpc-node.flow_control_window': flowControlWindow,
      'grpc.max_receive_message_length': maxMessage,
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
    });
    const { path, requestSerialize, responseDeserialize } = AgentServiceService.stream;
    [this.#control, this.channelBinding] = withChannelBinding(() =>
      this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize),
    );
    this.closed = new Promise((resolve) => {
      const over = (reason: string) => (): void => {
        this.#over = true;
        resolve(reason);
      };
      this.#control.on('error', (error) => over(error.message)());
      this.#control.on('end', over('the hub ended the link'));
      this.#control.on('close', over('the connection was closed'));
    });
    this.#control.on('data', (message: ServerMessage) => {
      if (this.#handler === undefined) this.#pending.push(message);
      else this.#handler(message);
    });
  }

  /** Sets the handler of messages. Messages received earlier are passed to it first. */
  onMessage(handler: (message: ServerMessage) => void): void {
    this.#handler = handler;
    const pending = this.#pending;
    this.#pending = [];
    for (const message of pending) handler(message);
  }

  /** The next message, or undefined if the connection ends or the time is over. */
  async next(timeoutMs: number): Promise<ServerMessage | undefined> {
    const message = Promise.withResolvers<ServerMessage | undefined>();
    const timer = setTimeout(() => message.resolve(undefined), timeoutMs);
    void this.closed.then(() => message.resolve(undefined));
    const first = this.#pending.shift();
    if (first !== undefined) message.resolve(first);
    else {
      this.#handler = (next) => {
        this.#handler = undefined;
        message.resolve(next);
      };
    }
    try {
      return await message.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  send(message: NonNullable<AgentMessage['message']>): void {
    if (!this.#over) this.#control.write({ message });
  }

  attach(metadata: Metadata): AttachCall {
    const { path, requestSerialize, responseDeserialize } = rawAgentAttach;
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.#attachCalls.add(call);
    call.on('close', () => this.#attachCalls.delete(call));
    return call;
  }

  get attachCount(): number {
    return this.#attachCalls.size;
  }

  /** Ends all streams of this connection, then the connection. */
  close(): void {
    this.#over = true;
    this.#control.end();
    this.#control.cancel();
    for (const call of this.#attachCalls) call.cancel();
    this.#client.close();
  }
}
