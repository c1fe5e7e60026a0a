import { once } from 'node:events';
import { Server as GrpcServer, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { type DownFrame, decodeDown, encodeDown, encodeUp } from '@webxterm/contracts/frames';
import { rawHubAttach, wrapFrame } from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import { afterEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Attachment, type AttachmentContext } from '../attachment/attachment.ts';
import { OpenTerminals } from '../attachment/registry.ts';
import { HubChannels } from '../hub-client/channels.ts';
import { until } from '../testing/world.ts';
import type { EdgeContext, Visit } from './edge.ts';
import { V1Edge } from './v1.ts';

const mib = 1024 * 1024;
const sessionId = Buffer.alloc(16, 1).toString('base64url');
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
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

/** A hub whose machine never stops to send, whatever its viewer allows. */
const floodingHub = async (): Promise<string> => {
  const payload = Buffer.alloc(64 * 1024);
  const server = new GrpcServer();
  const flood = (call: ServerDuplexStream<Buffer, Buffer>): void => {
    let offset = 0;
    const more = (): void => {
      let takes = true;
      while (takes && call.writable) {
        takes = call.write(wrapFrame(encodeDown({ type: 'output', offset, payload })));
        offset += payload.length;
      }
    };
    call.on('drain', more);
    call.on('end', () => call.end());
    call.on('error', () => {});
    call.once('data', () => {
      call.write(wrapFrame(accepted));
      more();
    });
    call.resume();
  };
  server.addService({ attach: rawHubAttach }, { attach: flood });
  ends.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return `127.0.0.1:${port}`;
};

const contextFor = (address: string, terminals: OpenTerminals): EdgeContext => {
  const channels = new HubChannels('token');
  ends.push(() => channels.close());
  const context: AttachmentContext = {
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
  return {
    attach: (request, events) => new Attachment(context, request, events),
    terminals,
    ledger: { opened: () => {}, attachedRaw: () => () => {}, ended: () => {} },
    sealPass: () => '',
    now: Date.now,
  };
};

const visitOf = (userId: string): Visit => ({
  requestId: 'test',
  admission: {
    kind: 'jwt',
    sid: userId,
    userId,
    username: userId,
    agentId: undefined,
    sessionId: undefined,
    viewerId: undefined,
    mode: undefined,
  },
  agentId: 'ag_flood',
  sessionId,
  mode: 'control',
  mayCreate: true,
  from: undefined,
  viewerId: undefined,
  cols: 80,
  rows: 24,
});

/** The v1 edge on a real port; the path names the user. `sockets`: its side of each, in the order of their coming. */
const openDoor = async (context: EdgeContext): Promise<{ url: string; sockets: WebSocket[] }> => {
  const sockets: WebSocket[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  ends.push(() => server.close());
  server.on('connection', (socket, { url = '' }) => {
    const visit = visitOf(url.slice(1));
    sockets.push(socket);
    new V1Edge(context, socket, visit, context.terminals.enter(visit.admission));
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `ws://127.0.0.1:${address.port}`, sockets };
};

interface Viewer {
  readonly socket: WebSocket;
  last: DownFrame | undefined;
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** Attaches and reads nothing until it is resumed. */
const stalledViewer = async (url: string, viewer: number): Promise<Viewer> => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  ends.push(() => socket.terminate());
  await once(socket, 'open');
  socket.pause();
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const made: Viewer = { socket, last: undefined, closed };
  socket.on('message', (bytes: Buffer) => {
    made.last = decodeDown(bytes);
  });
  socket.send(encodeUp({ type: 'hello', protocolMin: 1, protocolMax: 1, capabilities: 0 }));
  const viewerId = new Uint8Array(16).fill(viewer);
  socket.send(encodeUp({ type: 'attach', viewerId, create: true, from: undefined, cols: 80, rows: 24 }));
  return made;
};

it('a user whose viewers read nothing loses the terminal that holds most, with 1012, and nobody else loses any', async () => {
  const held = new Map<string, number>();
  const terminals = new OpenTerminals({
    perUser: 10,
    heldPerUser: 6 * mib,
    elsewhere: () => 0,
    changed: (userId, open) => void held.set(userId, open),
  });
  const { url, sockets } = await openDoor(contextFor(await floodingHub(), terminals));
  const viewers: Viewer[] = [];
  for (const path of ['bob', 'ada', 'ada']) viewers.push(await stalledViewer(`${url}/${path}`, viewers.length));
  // Each holds 4 MiB before its machine is no longer read: both are more than ada may.
  await until(() => held.get('ada') === 1);
  const states = sockets.map(({ readyState }) => readyState);
  expect(states.toSorted()).toEqual([WebSocket.OPEN, WebSocket.OPEN, WebSocket.CLOSING]);
  const ended = viewers[states.indexOf(WebSocket.CLOSING)];
  ended?.socket.resume();
  expect(await ended?.closed).toEqual({ code: 1012, reason: 'Your terminals hold too much output that nobody takes.' });
  expect(ended?.last).toMatchObject({ type: 'refused', code: 'too_many_requests' });
  expect([...held]).toEqual([
    ['bob', 1],
    ['ada', 1],
  ]);
});
