import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import {
  type DownFrame,
  decodeDown,
  decodeUp,
  encodeDown,
  encodeUp,
  maxInputFrame,
  maxOutputFrame,
  type UpFrame,
} from '@webxterm/contracts/frames';
import { metadataKey, unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { OpenTerminals } from '../attachment/open-terminals.ts';
import { type AttachCall, acceptedFrame } from '../testing/hub-in-place.ts';
import { contextFor, dialV1, serveRaw, serveV1 } from '../testing/websocket-server.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const unknown = (code: number, size = 3): DownFrame & { type: 'unknown' } => ({
  type: 'unknown',
  code,
  payload: new Uint8Array(size).fill(7),
});
const output = encodeDown({ type: 'output', offset: 0, payload: Buffer.from('hello') });

const bounds = { perUser: 10, heldPerUser: 2 ** 30, elsewhere: () => 0, changed: () => {} };

/** A machine that sends these frames after `accepted`. */
const sends =
  (...frames: readonly Uint8Array[]) =>
  (call: AttachCall): void => {
    for (const frame of [acceptedFrame, ...frames]) call.write(wrapFrame(frame));
  };

/** A viewer of this machine. */
const attachTo = async (machine: (call: AttachCall) => void, capabilities: number): Promise<WebSocket> => {
  const { url } = await serveV1(await contextFor(new OpenTerminals(bounds), machine, ends), ends);
  return dialV1(`${url}/ada`, 1, ends, capabilities);
};

/** The frames up to one of this type. */
const framesUntil = async (socket: WebSocket, type: DownFrame['type']): Promise<DownFrame[]> => {
  const frames: DownFrame[] = [];
  socket.on('message', (bytes: Buffer) => void frames.push(decodeDown(Uint8Array.from(bytes))));
  while (!frames.some((frame) => frame.type === type)) await turn();
  return frames;
};

describe('the end of a session for a cause of a later version', () => {
  it('reaches a viewer as it is if the viewer reads such causes, and as an earlier one otherwise', async () => {
    const ended = {
      type: 'ended',
      finalOffset: 0,
      cause: 'idle_timeout',
      exitCode: undefined,
      signal: 'SIGHUP',
    } as const;
    for (const [capabilities, cause] of [
      [3, 'idle_timeout'],
      [1, 'detach_timeout'],
      [0, 'detach_timeout'],
    ] as const) {
      const socket = await attachTo(sends(encodeDown(ended)), capabilities);
      expect((await framesUntil(socket, 'ended')).at(-1)).toEqual({ ...ended, cause });
    }
  });
});

describe('an ignorable frame of a type that this version does not know', () => {
  it('from the machine reaches a viewer that skips such frames, and not an older one', async () => {
    for (const [capabilities, arrives] of [
      [1, true],
      [0, false],
      [0xffff_fffe, false],
    ] as const) {
      const socket = await attachTo(sends(encodeDown(unknown(0xc0)), output), capabilities);
      const frames = await framesUntil(socket, 'output');
      expect(frames.filter(({ type }) => type === 'unknown')).toEqual(arrives ? [unknown(0xc0)] : []);
      expect(frames[0]).toMatchObject({ type: 'hello', capabilities: capabilities & 3 });
    }
  });

  it('from a viewer changes nothing, before hello and after attach', async () => {
    const socket = await attachTo(sends(output), 1);
    socket.send(encodeUp({ ...unknown(0x80), payload: new Uint8Array(maxInputFrame) }));
    socket.send(encodeUp({ type: 'ping', scope: 'hop', nonce: 9 }));
    expect(await framesUntil(socket, 'pong')).toContainEqual({ type: 'pong', scope: 'hop', nonce: 9 });
  });

  it('from a viewer reaches an agent that skips such frames, and not an older one', async () => {
    for (const [capabilities, arrives] of [
      ['pty,skip_unknown_frames', true],
      ['pty,command', false],
      [undefined, false],
    ] as const) {
      const received: UpFrame[] = [];
      const machine = (call: AttachCall): void => {
        const metadata = new Metadata();
        if (capabilities !== undefined) metadata.set(metadataKey.agentCapabilities, capabilities);
        call.sendMetadata(metadata);
        call.on('data', (message: Buffer) => {
          const frame = decodeUp(Uint8Array.from(unwrapFrame(message) ?? []));
          received.push(frame);
          if (frame.type === 'visible') call.write(wrapFrame(encodeDown({ type: 'driver', driver: true, hold: true })));
        });
        call.write(wrapFrame(acceptedFrame));
      };
      const socket = await attachTo(machine, 1);
      await framesUntil(socket, 'accepted');
      socket.send(encodeUp({ ...unknown(0x80), payload: Uint8Array.of(1, 2) }));
      socket.send(encodeUp({ type: 'visible', visible: true }));
      await framesUntil(socket, 'driver');
      const skipped = received.filter(({ type }) => type === 'unknown');
      expect(skipped).toEqual(arrives ? [{ type: 'unknown', code: 0x80, payload: Uint8Array.of(1, 2) }] : []);
    }
  });

  it.each([
    [
      'from a viewer over 16 KiB',
      encodeUp(unknown(0x80, maxInputFrame + 1)),
      'frame type 0x80 of 16385 bytes is over 16384',
    ],
    ['of a type that may not be skipped', Uint8Array.of(0x3f, 1), 'unknown frame type 0x3f'],
  ])('%s ends the viewer with 1002 and the name of the type', async (_what, frame, reason) => {
    const socket = await attachTo(sends(output), 1);
    const closed = once(socket, 'close');
    socket.send(frame);
    const [code, said] = await closed;
    expect([code, String(said)]).toEqual([1002, reason]);
  });

  it('from the machine changes nothing for a raw client, before and after its upgrade', async () => {
    const parts = ['one ', 'two ', 'three'];
    const frames = parts.flatMap((text, index) => [
      encodeDown(unknown(0x80 + index)),
      encodeDown({ type: 'output', offset: parts.slice(0, index).join('').length, payload: Buffer.from(text) }),
      encodeDown(unknown(0xff, maxOutputFrame)),
    ]);
    const ended = { type: 'ended', finalOffset: 13, cause: 'shell_exit', exitCode: 3, signal: undefined } as const;
    const context = await contextFor(
      new OpenTerminals(bounds),
      (call) => {
        for (const frame of [encodeDown(unknown(0xc0)), acceptedFrame, ...frames, encodeDown(ended)])
          call.write(wrapFrame(frame));
      },
      ends,
    );
    const socket = new WebSocket(await serveRaw(context, ends), { perMessageDeflate: false });
    let text = '';
    socket.on('message', (bytes: Buffer) => {
      text += String(bytes);
    });
    const [code, reason] = await once(socket, 'close');
    expect([text, code, String(reason)]).toEqual([parts.join(''), 1000, 'exit 3']);
  });

  it('from the machine over 64 KiB ends the attachment', async () => {
    const socket = await attachTo(sends(encodeDown(unknown(0xc0, maxOutputFrame + 1))), 0);
    const frames = await framesUntil(socket, 'refused');
    expect(frames.at(-1)).toMatchObject({ code: 'unavailable', message: 'The machine sent invalid terminal data.' });
  });
});
