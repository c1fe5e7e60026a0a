import { type DownFrame, decodeDown, encodeDown } from '@webxterm/contracts/frames';
import { wrapFrame } from '@webxterm/contracts/grpc';
import { until } from '@webxterm/shared/testing';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { OpenTerminals } from '../attachment/open-terminals.ts';
import { type AttachCall, acceptedFrame } from '../testing/hub-in-place.ts';
import { contextFor, dialV1, serveV1 } from '../testing/websocket-server.ts';

const mib = 1024 * 1024;
const payload = Buffer.alloc(64 * 1024);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** A machine that sends these frames without end and ignores the limits of its viewer. */
const flood =
  (frameAt: (offset: number) => DownFrame) =>
  (call: AttachCall): void => {
    let offset = 0;
    const more = (): void => {
      let takes = true;
      while (takes && call.writable) {
        takes = call.write(wrapFrame(encodeDown(frameAt(offset))));
        offset += payload.length;
      }
    };
    call.on('drain', more);
    call.write(wrapFrame(acceptedFrame));
    more();
  };

interface Viewer {
  readonly socket: WebSocket;
  last: DownFrame | undefined;
  readonly closed: Promise<{ code: number; reason: string }>;
}

/** Attaches, and reads nothing until it is resumed. */
const stalledViewer = async (url: string, viewer: number): Promise<Viewer> => {
  const socket = await dialV1(url, viewer, ends, 1);
  socket.pause();
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const made: Viewer = { socket, last: undefined, closed };
  socket.on('message', (bytes: Buffer) => {
    made.last = decodeDown(bytes);
  });
  return made;
};

/** Three viewers, two of them of one user, who read nothing of what their machines send without end. */
const endsTheLargest = async (frameAt: (offset: number) => DownFrame): Promise<void> => {
  const held = new Map<string, number>();
  const terminals = new OpenTerminals({
    perUser: 10,
    heldPerUser: 6 * mib,
    elsewhere: () => 0,
    changed: (userId, open) => void held.set(userId, open),
  });
  const { url, sockets } = await serveV1(await contextFor(terminals, flood(frameAt), ends), ends);
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
};

it('a user whose viewers read nothing loses the terminal that holds most, with 1012, and nobody else loses any', () =>
  endsTheLargest((offset) => ({ type: 'output', offset, payload })));

it('frames of unknown types count like output among the bytes that wait for a viewer', () =>
  endsTheLargest(() => ({ type: 'unknown', code: 0xc0, payload })));
