import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { encodeDown } from '@webxterm/contracts/frames';
import { rawHubAttach } from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import type { AttachmentContext } from '../attachment/attachment.ts';
import { HubChannels } from '../hub-client/channels.ts';

/** The hub's side of one attach call, with undecoded messages. */
export type AttachCall = ServerDuplexStream<Buffer, Buffer>;

/** A real gRPC server that stands in for a hub, and an attachment context that finds it. */
export class HubInPlace {
  readonly context: AttachmentContext;
  readonly #server: Server;
  readonly #channels = new HubChannels('token');

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.context = {
      channels: this.#channels,
      locator: {
        find: () => ({ address, generation: 1n }),
        onMove: () => () => {},
        explainAbsence: () => Promise.reject(new Error('it is there')),
      },
      measures: { opened: () => {}, closed: () => {}, unreachable: () => {}, reattached: () => {}, lost: () => {} },
      sealPass: () => '',
      sealSharePass: () => '',
      sealRecordPass: () => '',
      returningPatienceMs: 1000,
      logger: createLogger({ service: 'test', level: 'silent' }),
      now: Date.now,
      random: Math.random,
    };
  }

  /** `opened`: called with each attach after its `open` has arrived. */
  static async start(opened: (call: AttachCall) => void): Promise<HubInPlace> {
    const server = new Server();
    const attach = (call: AttachCall): void => {
      call.on('end', () => call.end());
      call.on('error', () => {});
      call.once('data', () => opened(call));
      call.resume();
    };
    server.addService({ attach: rawHubAttach }, { attach });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    return new HubInPlace(server, `127.0.0.1:${port}`);
  }

  stop(): void {
    this.#channels.close();
    this.#server.forceShutdown();
  }
}

/** The first frame of a new session. */
export const acceptedFrame = encodeDown({
  type: 'accepted',
  created: true,
  driver: true,
  offset: 0,
  head: 0,
  liveFrom: 0,
  inputApplied: 0,
  inputLimit: 1,
  cols: 80,
  rows: 24,
});
