import { once } from 'node:events';
import { type DownFrame, decodeDown, encodeDown, encodeUp } from '@webxterm/contracts/frames';
import { AttachGrant, wrapFrame } from '@webxterm/contracts/grpc';
import { afterEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Attachment } from '../attachment/attachment.ts';
import { OpenTerminals } from '../attachment/open-terminals.ts';
import { type AttachCall, acceptedFrame, HubInPlace } from '../testing/hub-in-place.ts';
import { until } from '../testing/world.ts';
import { V1Viewer } from './v1-viewer.ts';
import type { ViewerContext, ViewerRequest } from './viewer-context.ts';

const mib = 1024 * 1024;
const payload = Buffer.alloc(64 * 1024);
const sessionId = Buffer.alloc(16, 1).toString('base64url');
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A machine that sends without end and ignores the limits of its viewer. */
const flood = (call: AttachCall): void => {
  let offset = 0;
  const more = (): void => {
    let takes = true;
    while (takes && call.writable) {
      takes = call.write(wrapFrame(encodeDown({ type: 'output', offset, payload })));
      offset += payload.length;
    }
  };
  call.on('drain', more);
  call.write(wrapFrame(acceptedFrame));
  more();
};

const contextFor = async (terminals: OpenTerminals): Promise<ViewerContext> => {
  const hub = await HubInPlace.start(flood);
  ends.push(() => hub.stop());
  return {
    attach: (request, events) => new Attachment(hub.context, request, events),
    terminals,
    ledger: { opened: () => {}, attachedRaw: () => () => {}, ended: () => {} },
    sealPass: () => '',
    now: Date.now,
  };
};

const visitOf = (userId: string): ViewerRequest => ({
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
  ownerUserId: userId,
  grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
  mode: 'control',
  mayCreate: true,
  from: undefined,
  viewerId: undefined,
  cols: 80,
  rows: 24,
});

/** The v1 edge on a real port. The path contains the user. `sockets`: the server's side of each connection, in order of arrival. */
const openDoor = async (context: ViewerContext): Promise<{ url: string; sockets: WebSocket[] }> => {
  const sockets: WebSocket[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  ends.push(() => server.close());
  server.on('connection', (socket, { url = '' }) => {
    const viewerRequest = visitOf(url.slice(1));
    sockets.push(socket);
    new V1Viewer(context, socket, viewerRequest, context.terminals.enter(viewerRequest.admission));
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

/** Attaches, and reads nothing until it is resumed. */
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
  const { url, sockets } = await openDoor(await contextFor(terminals));
  const viewers: Viewer[] = [];
  for (const path of ['bob', 'ada', 'ada']) viewers.push(await stalledViewer(`${url}/${path}`, viewers.length));
  // Each terminal holds 4 MiB before its machine is paused, so two of them exceed ada's limit.
  await until(() => held.get('ada') === 1);
  const states = sockets.map(({ readyState }) => readyState);
  expect(states.toSorted()).toEqual([WebSocket.OPEN, WebSocket.OPEN, WebSocket.CLOSING]);
  const ended = viewers[states.indexOf(WebSocket.CLOSING)];
  ended?.socket.resume();
  expect(await ended?.closed).toEqual({ code: 1012, reason: 'Your terminals hold too much unread output.' });
  expect(ended?.last).toMatchObject({ type: 'refused', code: 'too_many_requests' });
  expect([...held]).toEqual([
    ['bob', 1],
    ['ada', 1],
  ]);
});
