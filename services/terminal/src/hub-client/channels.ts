import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  experimental,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  certificateName,
  type EndSessionRequest,
  HubServiceService,
  metadataKey,
  type ResizeSessionRequest,
  rawHubAttach,
} from '@webxterm/contracts/grpc';
import { type CertificateFolder, GrpcCertificates } from '@webxterm/shared';
import { boundStreamWindows } from './http2-windows.ts';

export type RawCall = ClientDuplexStream<Buffer, Buffer>;

/** Several channels per hub, because Node's HTTP/2 slows down with many streams, and a lost connection loses all of its streams. */
const maxChannelsPerHub = 4;
const streamsPerChannel = 100;
/** Channels to a hub without streams are closed after this time. */
const idleAfterMs = 60_000;

/**
 * HTTP/2 receive window of one connection in bytes. It is larger than the windows of all attachments of a channel together
 * (`streamWindow`), so that a full one never blocks the others. It limits credit and allocates no memory.
 */
const receiveWindow = 1024 * 1024 * 1024;
const maxMessage = 1024 * 1024;
const unaryDeadlineMs = 4000;

interface Channel {
  readonly client: Client;
  streams: number;
}

interface Hub {
  readonly channels: Channel[];
  idleTimer: NodeJS.Timeout | undefined;
}

/** The gRPC channels to the internal ports of the hubs, by address. They are opened on demand and shared by attachments. */
export class HubChannels {
  readonly #hubs = new Map<string, Hub>();
  readonly #token: string;
  readonly #credentials: ChannelCredentials;

  /** With certificates both sides verify each other by TLS. Without them the channels are not encrypted, for hubs on loopback. */
  constructor(hubToken: string, certificates?: CertificateFolder) {
    this.#token = hubToken;
    this.#credentials = credentialsFor(certificates);
    boundStreamWindows();
  }

  /** Starts an attach call. A failure arrives as `error` and `status` of the call. */
  attach(address: string, requestId: string, traceparent?: string): RawCall {
    const hub = this.#hub(address);
    const channel = pickChannel(hub, address, this.#credentials);
    channel.streams += 1;
    const { path, requestSerialize, responseDeserialize } = rawHubAttach;
    const call = channel.client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      this.#metadata(requestId, traceparent),
    );
    call.once('status', () => {
      channel.streams -= 1;
      this.#closeWhenIdle(address, hub);
    });
    return call;
  }

  /** @throws ServiceError */
  endSession(address: string, request: EndSessionRequest): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = HubServiceService.endSession;
    return this.#unary(address, request.requestId, (client, metadata, options, done) =>
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, done),
    );
  }

  /** @throws ServiceError */
  resizeSession(address: string, request: ResizeSessionRequest): Promise<void> {
    const { path, requestSerialize, responseDeserialize } = HubServiceService.resizeSession;
    return this.#unary(address, request.requestId, (client, metadata, options, done) =>
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, options, done),
    );
  }

  #unary(
    address: string,
    requestId: string,
    call: (
      client: Client,
      metadata: Metadata,
      options: CallOptions,
      done: (error: ServiceError | null) => void,
    ) => void,
  ): Promise<void> {
    const hub = this.#hub(address);
    const { client } = pickChannel(hub, address, this.#credentials);
    return new Promise((resolve, reject) => {
      call(client, this.#metadata(requestId), { deadline: Date.now() + unaryDeadlineMs }, (error) => {
        this.#closeWhenIdle(address, hub);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(): void {
    for (const hub of this.#hubs.values()) closeHub(hub);
    this.#hubs.clear();
  }

  #hub(address: string): Hub {
    const known = this.#hubs.get(address);
    clearTimeout(known?.idleTimer);
    const hub = known ?? { channels: [], idleTimer: undefined };
    this.#hubs.set(address, hub);
    return hub;
  }

  #metadata(requestId: string, traceparent?: string): Metadata {
    const metadata = new Metadata();
    metadata.set(metadataKey.hubToken, this.#token);
    metadata.set(metadataKey.requestId, requestId);
    if (traceparent !== undefined) metadata.set(metadataKey.traceparent, traceparent);
    return metadata;
  }

  #closeWhenIdle(address: string, hub: Hub): void {
    clearTimeout(hub.idleTimer);
    if (hub.channels.some((channel) => channel.streams > 0)) return;
    hub.idleTimer = setTimeout(() => {
      if (this.#hubs.get(address) === hub) this.#hubs.delete(address);
      closeHub(hub);
    }, idleAfterMs);
    hub.idleTimer.unref();
  }
}

const closeHub = (hub: Hub): void => {
  clearTimeout(hub.idleTimer);
  for (const { client } of hub.channels) client.close();
};

const credentialsFor = (certificates: CertificateFolder | undefined): ChannelCredentials => {
  if (certificates === undefined) return credentials.createInsecure();
  const provider = new GrpcCertificates(certificates);
  return experimental.createCertificateProviderChannelCredentials(provider, provider);
};

const pickChannel = (hub: Hub, address: string, credentials: ChannelCredentials): Channel => {
  const freest = hub.channels.toSorted((a, b) => a.streams - b.streams)[0];
  if (freest !== undefined && (freest.streams < streamsPerChannel || hub.channels.length >= maxChannelsPerHub))
    return freest;
  const channel = { client: newClient(address, credentials), streams: 0 };
  hub.channels.push(channel);
  return channel;
};

const newClient = (address: string, credentials: ChannelCredentials): Client =>
  new Client(address, credentials, {
    // The certificate of a hub has a fixed name that does not depend on its address.
    'grpc.ssl_target_name_override': certificateName.hub,
    'grpc.default_authority': certificateName.hub,
    'grpc.use_local_subchannel_pool': 1,
    'grpc-node.flow_control_window': receiveWindow,
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_send_message_length': maxMessage,
    'grpc.enable_channelz': 0,
    // An unresponsive hub whose connection stays open is detected within 4 s.
    'grpc.keepalive_time_ms': 2000,
    'grpc.keepalive_timeout_ms': 2000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.min_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
  });
