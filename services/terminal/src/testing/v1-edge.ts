import { once } from 'node:events';
import { encodeUp } from '@webxterm/contracts/frames';
import { AttachGrant } from '@webxterm/contracts/grpc';
import { WebSocket, WebSocketServer } from 'ws';
import { Attachment } from '../attachment/attachment.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
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
