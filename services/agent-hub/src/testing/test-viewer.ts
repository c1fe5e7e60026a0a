import { randomBytes } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
import { type DownFrame, decodeDown } from '@webxterm/contracts/frames';
import {
  AttachOpen,
  AttachUp,
  EdgeKind,
  HubServiceClient,
  metadataKey,
  Role,
  rawHubAttach,
  unwrapFrame,
} from '@webxterm/contracts/grpc';
import { Mailbox } from './mailbox.ts';

/** A client of the internal port, like the terminal service. */
export class TestTerminal {
  readonly #client: Client;
  readonly calls: HubServiceClient;
  readonly metadata = new Metadata();

  constructor(address: string, hubToken: string) {
    const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc-node.flow_control_window': 8 * 1024 * 1024 };
    this.#client = new Client(address, credentials.createInsecure(), options);
    this.calls = new HubServiceClient(address, credentials.createInsecure(), options);
    this.metadata.set(metadataKey.hubToken, hubToken);
  }

  attach(open: Partial<AttachOpen> & { sid: string; agentId: string }): TestViewer {
    const { path, requestSerialize, responseDeserialize } = rawHubAttach;
    const stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.metadata);
    const value = AttachOpen.fromPartial({
      requestId: 'test',
      sessionId: randomBytes(16),
      viewerId: randomBytes(16),
      kind: 'pty',
      role: Role.ROLE_CONTROL,
      create: true,
      cols: 80,
      rows: 24,
      edge: EdgeKind.EDGE_KIND_V1,
      ...open,
    });
    stream.write(Buffer.from(AttachUp.encode({ message: { $case: 'open', value } }).finish()));
    return new TestViewer(stream);
  }

  raw(): ClientDuplexStream<Buffer, Buffer> {
    const { path, requestSerialize, responseDeserialize } = rawHubAttach;
    return this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.metadata);
  }

  close(): void {
    this.#client.close();
    this.calls.close();
  }
}

/** One attach stream of the terminal service. */
export class TestViewer {
  readonly stream: ClientDuplexStream<Buffer, Buffer>;
  readonly frames = new Mailbox<DownFrame>();
  readonly ended: Promise<StatusObject>;

  constructor(stream: ClientDuplexStream<Buffer, Buffer>, decode = true) {
    this.stream = stream;
    stream.on('error', () => {});
    stream.on('end', () => stream.end());
    this.ended = new Promise((resolve) => stream.on('status', resolve));
    if (!decode) return;
    stream.on('data', (message: Buffer) => {
      const frame = unwrapFrame(message);
      if (frame !== undefined) this.frames.put(decodeDown(frame));
    });
  }
}
