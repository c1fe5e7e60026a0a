import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { decodeDown, encodeDown } from '@webxterm/contracts/frames';
import { EdgeKind, rawHubAttach, wrapFrame } from '@webxterm/contracts/grpc';
import { type AppError, createLogger } from '@webxterm/shared';
import { afterEach, describe, expect, it } from 'vitest';
import { HubChannels } from '../hub-client/channels.ts';
import { Attachment } from './attachment.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A hub whose machine says this to whoever attaches. */
const hubThatSays = async (...frames: Uint8Array[]): Promise<string> => {
  const server = new Server();
  server.addService(
    { attach: rawHubAttach },
    {
      attach: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('end', () => call.end());
        call.once('data', () => {
          for (const frame of frames) call.write(wrapFrame(frame));
        });
        call.resume();
      },
    },
  );
  ends.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return `127.0.0.1:${port}`;
};

/** Attaches and reads each frame, as the edges do. @returns how the attachment ended */
const attachTo = (address: string): Promise<AppError | undefined> =>
  new Promise((resolve) => {
    const channels = new HubChannels('token');
    const context = {
      channels,
      locator: {
        find: () => ({ address, generation: 1n }),
        onMove: () => () => {},
        explainAbsence: () => Promise.reject(new Error('it is there')),
      },
      measures: { opened: () => {}, closed: () => {}, unreachable: () => {} },
      sealPass: () => '',
      returningPatienceMs: 1000,
      logger: createLogger({ service: 'test', level: 'silent' }),
      now: Date.now,
      random: Math.random,
    };
    const request = {
      requestId: 'test',
      sid: 's'.repeat(32),
      userId: 'a'.repeat(24),
      agentId: 'ag_hostile',
      sessionId: Buffer.alloc(16, 1),
      viewerId: Buffer.alloc(16, 2),
      mode: 'control' as const,
      edge: EdgeKind.EDGE_KIND_RAW,
      create: true,
      resumed: false,
      from: undefined,
      cols: 80,
      rows: 24,
      patienceMs: 1000,
    };
    const attachment = new Attachment(context, request, {
      frame: (frame) => void decodeDown(frame),
      waiting: () => {},
      drained: () => {},
      over: resolve,
    });
    ends.push(
      () => attachment.detach('left'),
      () => channels.close(),
    );
    attachment.start();
  });

const accepted = encodeDown({
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
const cut = (frame: Uint8Array): Uint8Array => frame.subarray(0, 2);
const refused = encodeDown({ type: 'refused', code: 'unavailable', message: 'no' });
const ended = encodeDown({ type: 'ended', finalOffset: 0, cause: 'shell_exit', exitCode: 0, signal: undefined });
const output = encodeDown({ type: 'output', offset: 0, payload: Buffer.from('x') });

describe('a machine that sends nonsense', () => {
  it.each<[string, Uint8Array]>([
    ['an unknown frame', Buffer.from([0xee, 1, 2, 3])],
    ['an empty frame', Buffer.alloc(0)],
    ['half a refusal', cut(refused)],
    ['half an end', cut(ended)],
    ['half an output', cut(output)],
    ['text that is no UTF-8', Buffer.concat([cut(refused), Buffer.alloc(40, 0xff)])],
  ])('%s ends its own attachment, first or later, and not the process', async (_what, nonsense) => {
    for (const frames of [[nonsense], [accepted, nonsense]])
      expect((await attachTo(await hubThatSays(...frames)))?.code).toBe('unavailable');
  });
});
