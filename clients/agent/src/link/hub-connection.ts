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

/** How a hub is reached: in the clear, or by TLS that a private CA (PEM) or the public ones vouch for. */
export type Security = { tls: boolean; ca: string | undefined };

/** By CONNECT through the proxy: gRPC dials the proxy, and names the hub to it and to TLS. */
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
 * HTTP/2 windows never stop anything, only the limits do: input is limited to 256 KiB an attachment, so this is room for
 * 256 of them.
 */
const flowControlWindow = 64 * 1024 * 1024;
/** An input frame is 16 KiB; control messages are smaller. */
const maxMessage = 1024 * 1024;

const credentialsFor = ({ tls, ca }: Security) =>
  tls ? credentials.createSsl(ca === undefined ? null : Buffer.from(ca)) : credentials.createInsecure();

/** A private CA vouches for hubs by a name of theirs, wherever they are; the public ones for the address itself. */
const nameFor = ({ tls, ca }: Security) =>
  !tls || ca === undefined ? {} : { 'grpc.ssl_target_name_override': certificateName.hubForAgents };

/** One gRPC connection to one hub, used by nobody else, and its control stream. */
export class HubConnection {
  readonly address: string;
  /** Resolves with the reason when the control stream is over. */
  readonly closed: Promise<string>;
  /** What binds a signature to this connection, once the hub has said something; empty when it is plain. */
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
      // Else grpc-js would share connections between dials, and streams would land on another hub.
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

  /** Messages go to this function from now on, those that came already first. */
  onMessage(handler: (message: ServerMessage) => void): void {
    this.#handler = handler;
    const pending = this.#pending;
    this.#pending = [];
    for (const message of pending) handler(message);
  }

  /** The next message; undefined when the connection is over or silent for too long. */
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

  /** Ends every stream of this connection, and it. */
  close(): void {
    this.#over = true;
    this.#control.end();
    this.#control.cancel();
    for (const call of this.#attachCalls) call.cancel();
    this.#client.close();
  }
}
