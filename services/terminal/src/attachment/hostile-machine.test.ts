import { decodeDown, encodeDown } from '@webxterm/contracts/frames';
import { AttachGrant, EdgeKind, wrapFrame } from '@webxterm/contracts/grpc';
import { type AppError, passedBuffers } from '@webxterm/shared';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acceptedFrame, HubInPlace } from '../testing/hub-in-place.ts';
import { Attachment } from './attachment.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Attaches to a machine that sends these frames, and decodes each one, like the viewers do. @returns how the attachment ended */
const attachToWhatSays = async (...frames: Uint8Array[]): Promise<AppError | undefined> => {
  const hub = await HubInPlace.start((call) => {
    for (const frame of frames) call.write(wrapFrame(frame));
  });
  ends.push(() => hub.stop());
  return new Promise((resolve) => {
    const request = {
      requestId: 'test',
      sid: 's'.repeat(32),
      userId: 'a'.repeat(24),
      ownerUserId: 'a'.repeat(24),
      grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
      agentId: 'ag_hostile',
      sessionId: Buffer.alloc(16, 1),
      viewerId: Buffer.alloc(16, 2),
      mode: 'control' as const,
      recording: 'off' as const,
      sessionKind: 'pty',
      edge: EdgeKind.EDGE_KIND_RAW,
      create: true,
      resumed: false,
      from: undefined,
      cols: 80,
      rows: 24,
      patienceMs: 1000,
    };
    const attachment = new Attachment(hub.context, request, {
      frame: (frame) => void decodeDown(frame),
      waiting: () => {},
      drained: () => {},
      over: resolve,
    });
    ends.unshift(() => attachment.detach('left'));
    attachment.start();
  });
};

/** A message adds the tag and the length of its frame. */
const messageLength = (frame: Uint8Array): number => wrapFrame(frame).length;

const cut = (frame: Uint8Array): Uint8Array => frame.subarray(0, 2);
const refused = encodeDown({ type: 'refused', code: 'unavailable', message: 'no' });
const ended = encodeDown({ type: 'ended', finalOffset: 0, cause: 'shell_exit', exitCode: 0, signal: undefined });
const output = encodeDown({ type: 'output', offset: 0, payload: Buffer.from('x') });

describe('a machine that sends invalid frames', () => {
  it.each<[string, Uint8Array]>([
    ['an unknown frame', Buffer.from([0x7e, 1, 2, 3])],
    ['an unknown frame that may be skipped, of over 64 KiB', Buffer.alloc(64 * 1024 + 2, 0xee)],
    ['a pass', encodeDown({ type: 'pass', expiresInMs: 60_000, pass: 'wxt_rp_of.another' })],
    ['that it is recorded', encodeDown({ type: 'recorded', mode: 'on' })],
    ['a state', encodeDown({ type: 'state', state: 'unreachable', retryInMs: 1000 })],
    ['a hello', encodeDown({ type: 'hello', protocol: 1, capabilities: 1, sessionId: Buffer.alloc(16, 9) })],
    ['an empty frame', Buffer.alloc(0)],
    ['half a refusal', cut(refused)],
    ['half an end', cut(ended)],
    ['half an output', cut(output)],
    ['text that is no UTF-8', Buffer.concat([cut(refused), Buffer.alloc(40, 0xff)])],
  ])('%s ends its own attachment, as the first frame or a later one, and not the process', async (_what, nonsense) => {
    for (const frames of [[nonsense], [acceptedFrame, nonsense]])
      expect((await attachToWhatSays(...frames))?.code).toBe('unavailable');
  });
});

it('counts the bytes of each message for the collection of passed buffers', async () => {
  const passed = vi.spyOn(passedBuffers, 'passed');
  await attachToWhatSays(acceptedFrame, output, ended);
  expect(passed.mock.calls.map(([bytes]) => bytes)).toEqual([acceptedFrame, output, ended].map(messageLength));
});
