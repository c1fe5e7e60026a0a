import { randomBytes } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { type DownFrame, decodeDown, encodeUp, type UpFrame } from '@webxterm/contracts/frames';
import {
  AttachOpen,
  AttachUp,
  EdgeKind,
  metadataKey,
  Role,
  rawHubAttach,
  unwrapFrame,
  wrapFrame,
} from '@webxterm/contracts/grpc';
import { callInternalPort } from './internal-call.ts';
import { listeningPorts } from './listening-ports.ts';
import { eventually } from './rest.ts';
import type { SharedStack } from './shared-stack.ts';
import { readSecret } from './stack.ts';

const window = 1024 * 1024;

/** Where the hub takes the calls of the terminal service, and the token that it asks for. */
export const internalPort = async (stack: SharedStack): Promise<{ port: number; token: string }> => {
  const token = readSecret(stack, 'hub-token');
  const hub = stack.processes().find(({ name }) => name.startsWith('agent-hub'));
  for (const { port } of listeningPorts(hub?.pid ?? 0))
    if ((await callInternalPort(stack, port, { token, identity: undefined })) === 'UNAUTHENTICATED: unauthenticated')
      return { port, token };
  throw new Error('the hub has no internal port');
};

/** The sign-in id that an access token names. */
export const sidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid;

/** An attach as the terminal service makes it, also for what has no public way yet. Checks that no byte of output is missing. */
export class InternalViewer {
  readonly frames: DownFrame[] = [];
  /** Bytes of output that came. */
  received = 0;
  #next: number | undefined;
  readonly #client: Client;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;

  constructor(
    { port, token }: { port: number; token: string },
    open: Partial<AttachOpen> & Pick<AttachOpen, 'sid' | 'agentId' | 'sessionId'>,
  ) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set(metadataKey.hubToken, token);
    const { path, requestSerialize, responseDeserialize } = rawHubAttach;
    this.#stream = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    this.#stream.on('error', () => {});
    this.#stream.on('end', () => this.#stream.end());
    this.#stream.on('data', (message: Buffer) => {
      const frame = unwrapFrame(message);
      if (frame !== undefined) this.#take(decodeDown(frame));
    });
    const value = AttachOpen.fromPartial({
      requestId: 'test',
      viewerId: randomBytes(16),
      kind: 'pty',
      role: Role.ROLE_VIEW,
      cols: 80,
      rows: 24,
      edge: EdgeKind.EDGE_KIND_RAW,
      ...open,
    });
    this.#stream.write(Buffer.from(AttachUp.encode({ message: { $case: 'open', value } }).finish()));
  }

  send(frame: UpFrame): void {
    this.#stream.write(wrapFrame(encodeUp(frame)));
  }

  /** The first frame of this type, once it is there. */
  frame<T extends DownFrame['type']>(type: T): Promise<Extract<DownFrame, { type: T }>> {
    const isIt = (frame: DownFrame): frame is Extract<DownFrame, { type: T }> => frame.type === type;
    return eventually(`a frame of type ${type}`, async () => this.frames.find(isIt));
  }

  close(): void {
    this.#stream.end();
    this.#client.close();
  }

  #take(frame: DownFrame): void {
    if (frame.type !== 'output') {
      this.frames.push(frame);
      if (frame.type === 'accepted') this.#next = frame.offset;
      if (frame.type === 'gap') this.#next = frame.to;
      return;
    }
    if (frame.offset !== this.#next) throw new Error(`output at ${frame.offset}, not ${this.#next}`);
    this.#next = frame.offset + frame.payload.length;
    this.received += frame.payload.length;
    this.send({ type: 'limit', acked: this.#next, limit: this.#next + window });
  }
}
