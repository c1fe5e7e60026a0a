import { once } from 'node:events';
import { createServer } from 'node:http';
import { encodeUp } from '@webxterm/contracts/frames';
import { AttachGrant } from '@webxterm/contracts/grpc';
import { WebSocket, WebSocketServer } from 'ws';
import { Attachment } from '../attachment/attachment.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import { openRaw } from '../websocket/raw.ts';
import { attachRaw, rawRequest } from '../websocket/raw-attach.ts';
import { V1Viewer } from '../websocket/v1-viewer.ts';
import type { ViewerContext, ViewerRequest } from '../websocket/viewer-context.ts';
import { type AttachCall, HubInPlace } from './hub-in-place.ts';

/** Functions that release what a test has opened, in order of opening. */
type Ends = (() => unknown)[];

/** A context whose attachments reach `machine` through a real gRPC stream. */
export const contextFor = async (
  terminals: OpenTerminals,
  machine: (call: AttachCall) => void,
  ends: Ends,
): Promise<ViewerContext> => {
  const hub = await HubInPlace.start(machine);
  ends.push(() => hub.stop());
  return {
    attach: (request, events) => new Attachment(hub.context, request, events),
    terminals,
    ledger: { opened: () => {}, attachedRaw: () => () => {}, ended: () => {} },
    sealPass: () => '',
    now: Date.now,
  };
};

export const viewerRequestOf = (userId: string): ViewerRequest => ({
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
    sessionKind: undefined,
  },
  agentId: 'ag_test',
  sessionId: Buffer.alloc(16, 1).toString('base64url'),
  ownerUserId: userId,
  grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
  mode: 'control',
  recording: 'off',
  sessionKind: 'pty',
  mayCreate: true,
  from: undefined,
  viewerId: undefined,
  cols: 80,
  rows: 24,
});

/** Serves `webxterm.v1` on a real port. The path contains the user. `sockets`: the server's side of each connection, in order of arrival. */
export const serveV1 = async (context: ViewerContext, ends: Ends): Promise<{ url: string; sockets: WebSocket[] }> => {
  const sockets: WebSocket[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  ends.push(() => server.close());
  server.on('connection', (socket, { url = '' }) => {
    const viewerRequest = viewerRequestOf(url.slice(1));
    sockets.push(socket);
    new V1Viewer(context, socket, viewerRequest, context.terminals.enter(viewerRequest.admission));
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `ws://127.0.0.1:${address.port}`, sockets };
};

/** Serves raw clients on a real port. A socket is upgraded once the machine has accepted it. */
export const serveRaw = async (context: ViewerContext, ends: Ends): Promise<string> => {
  const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer().on('upgrade', async (incoming, tcp, head) => {
    const viewerRequest = viewerRequestOf('ada');
    const slot = context.terminals.enter(viewerRequest.admission);
    const request = rawRequest(viewerRequest, false);
    const { attachment, accepted, follow } = await attachRaw(context.attach, tcp, slot, request);
    upgrades.handleUpgrade(incoming, tcp, head, (socket) =>
      follow(openRaw({ context, socket, slot, attachment, request, accepted })),
    );
  });
  ends.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `ws://127.0.0.1:${address.port}`;
};

/** Opens a socket, and sends hello and attach. `viewer` fills the viewer id. */
export const dialV1 = async (url: string, viewer: number, ends: Ends, capabilities = 0): Promise<WebSocket> => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  ends.push(() => socket.terminate());
  await once(socket, 'open');
  socket.send(encodeUp({ type: 'hello', protocolMin: 1, protocolMax: 1, capabilities }));
  const viewerId = new Uint8Array(16).fill(viewer);
  socket.send(encodeUp({ type: 'attach', viewerId, create: true, from: undefined, cols: 80, rows: 24 }));
  return socket;
};
