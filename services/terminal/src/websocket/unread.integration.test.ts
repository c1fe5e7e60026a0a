import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { encodeDown, encodeUp, type UpFrame } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';
import { until } from '@webxterm/shared/testing';
import { afterEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { OpenTerminals } from '../attachment/open-terminals.ts';
import { type AttachCall, acceptedFrame } from '../testing/hub-in-place.ts';
import { contextFor, viewerRequestOf } from '../testing/websocket-server.ts';
import { openJson, openRaw } from './raw.ts';
import { attachRaw, rawRequest } from './raw-attach.ts';
import { V1Viewer } from './v1-viewer.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A connection that takes the answer to the upgrade and nothing after it. */
class FullConnection extends Duplex {
  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    if (chunk.toString('latin1').startsWith('HTTP/1.1 101')) taken();
  }

  /** Frames of the client, each in a message masked with zeros. */
  receive(frames: readonly UpFrame[]): void {
    const messages = frames.flatMap((frame) => {
      const bytes = encodeUp(frame);
      return [Uint8Array.of(0x82, 0x80 + bytes.length, 0, 0, 0, 0), bytes];
    });
    this.push(Buffer.concat(messages));
  }
}

const upgradeRequest = (): IncomingMessage =>
  Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    headers: { upgrade: 'websocket', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' },
  });

/** The WebSocket of the service on a connection that takes nothing. */
const fullSocket = async (): Promise<{ socket: WebSocket; connection: FullConnection }> => {
  const connection = new FullConnection();
  const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const socket = await new Promise<WebSocket>((resolve) =>
    upgrades.handleUpgrade(upgradeRequest(), connection, Buffer.alloc(0), resolve),
  );
  ends.push(() => socket.terminate());
  return { socket, connection };
};

/** A viewer that has attached and reads nothing. `paused`: what waited for it when the machine was first paused, in bytes. */
const fullViewer = async (machine: (call: AttachCall) => void) => {
  const terminals = new OpenTerminals({ perUser: 1, heldPerUser: 2 ** 26, elsewhere: () => 0, changed: () => {} });
  const context = await contextFor(terminals, machine, ends);
  const { socket, connection } = await fullSocket();
  let paused: number | undefined;
  const attach: typeof context.attach = (request, events) => {
    const attachment = context.attach(request, events);
    const pause = attachment.pause.bind(attachment);
    attachment.pause = () => {
      paused ??= socket.bufferedAmount;
      pause();
    };
    return attachment;
  };
  const viewerRequest = viewerRequestOf('ada');
  new V1Viewer({ ...context, attach }, socket, viewerRequest, terminals.enter(viewerRequest.admission));
  connection.receive([
    { type: 'hello', protocolMin: 1, protocolMax: 1, capabilities: 1 },
    { type: 'attach', viewerId: Buffer.alloc(16, 1), create: true, from: undefined, cols: 80, rows: 24 },
  ]);
  return { socket, connection, paused: () => paused };
};

it('frames of one byte count with the memory that each takes: a machine is paused after thousands of them, not millions', async () => {
  const frame = wrapFrame(Uint8Array.of(0xc0));
  const { paused } = await fullViewer((call) => {
    call.write(wrapFrame(acceptedFrame));
    for (let sent = 0; sent < 10_000; sent += 1) call.write(frame);
  });
  await until(() => paused() !== undefined);
  // Such a frame has three bytes on the wire, and takes 900 bytes of memory while it waits.
  expect((paused() ?? 0) / 3).toBeLessThan(5000);
});

it('16 answers to pings wait for a viewer that reads none, whatever it asks', async () => {
  const { socket, connection } = await fullViewer((call) => void call.write(wrapFrame(acceptedFrame)));
  const ping: UpFrame = { type: 'ping', scope: 'hop', nonce: 1 };
  connection.receive(Array<UpFrame>(1000).fill(ping));
  connection.receive([{ type: 'detach', reason: 'left' }]);
  await until(() => socket.readyState === WebSocket.CLOSING);
  // 8 bytes for each answer. The rest is the hello, perhaps the start of the session, and the close frame.
  expect(socket.bufferedAmount).toBeLessThan(32 * 8 + 200);
});

it.each([
  ['raw', false, openRaw],
  ['JSON', true, openJson],
])(
  'a %s client that reads nothing of output in single bytes ends after thousands of them, too',
  async (_name, json, open) => {
    const terminals = new OpenTerminals({ perUser: 1, heldPerUser: 2 ** 22, elsewhere: () => 0, changed: () => {} });
    const context = await contextFor(
      terminals,
      (call) => {
        call.write(wrapFrame(acceptedFrame));
        for (let offset = 0; offset < 10_000; offset += 1)
          call.write(wrapFrame(encodeDown({ type: 'output', offset, payload: Buffer.from('x') })));
      },
      ends,
    );
    const viewerRequest = viewerRequestOf('ada');
    const slot = terminals.enter(viewerRequest.admission);
    const request = rawRequest(viewerRequest, json);
    const { attachment, accepted, follow } = await attachRaw(context.attach, new PassThrough(), slot, request);
    const { socket } = await fullSocket();
    follow(open({ context, socket, slot, attachment, request, accepted }));
    await until(() => socket.readyState === WebSocket.CLOSING);
    expect(terminals.size).toBe(0);
  },
);
