import { decodeDown, encodeDown, type RecordingMode } from '@webxterm/contracts/frames';
import { AttachGrant, EdgeKind, wrapFrame } from '@webxterm/contracts/grpc';
import { AppError } from '@webxterm/shared';
import { until } from '@webxterm/shared/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import { Attachment } from '../attachment/attachment.ts';
import { acceptedFrame, HubInPlace } from '../testing/hub-in-place.ts';
import { recordedAttach } from './recorded-attach.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
});

const requestFor = (recording: RecordingMode, create: boolean): AttachmentRequest => ({
  requestId: 'test',
  sid: 'sid',
  userId: 'a'.repeat(24),
  ownerUserId: 'a'.repeat(24),
  grant: AttachGrant.ATTACH_GRANT_UNSPECIFIED,
  agentId: 'ag_recorded',
  sessionId: Buffer.alloc(16, 1),
  viewerId: Buffer.alloc(16, 2),
  mode: 'control',
  recording,
  sessionKind: 'pty',
  edge: EdgeKind.EDGE_KIND_V1,
  create,
  resumed: false,
  from: undefined,
  cols: 80,
  rows: 24,
  patienceMs: 1000,
});

/** A viewer of a machine that accepts and says hello, whose recorder is ready when the test says so. */
const attach = async (recording: RecordingMode, create = true) => {
  const hub = await HubInPlace.start((call) => {
    call.write(wrapFrame(acceptedFrame));
    call.write(wrapFrame(encodeDown({ type: 'output', offset: 0, payload: Buffer.from('hello') })));
  });
  ends.push(() => hub.stop());
  const seen = { frames: [] as string[], errors: [] as string[], opened: 0, ended: 0 };
  const recorder = Promise.withResolvers<void>();
  const viewer = recordedAttach({
    attach: (request, events) => new Attachment(hub.context, request, events),
    recordings: {
      opened: () => {
        seen.opened += 1;
        return recorder.promise;
      },
    },
    endSession: () => {
      seen.ended += 1;
    },
  })(requestFor(recording, create), {
    frame: (bytes) => void seen.frames.push(decodeDown(bytes).type),
    waiting: () => {},
    drained: () => {},
    over: (error) => void seen.errors.push(error?.code ?? ''),
  });
  ends.push(() => viewer.detach('left'));
  viewer.start();
  return { seen, recorder };
};

describe('a viewer that opens a session', () => {
  it('that must be recorded gets no frame before its recorder is there', async () => {
    const { seen, recorder } = await attach('required');
    await until(() => seen.opened === 1);
    expect(seen.frames).toEqual([]);
    recorder.resolve();
    await until(() => seen.frames.length === 2);
    expect(seen).toMatchObject({ frames: ['accepted', 'output'], errors: [], ended: 0 });
  });

  it('that must be recorded and cannot be is refused, and the session ends', async () => {
    const { seen, recorder } = await attach('required');
    await until(() => seen.opened === 1);
    recorder.reject(new AppError('recording_unavailable'));
    await until(() => seen.errors.length > 0);
    expect(seen).toMatchObject({ frames: [], errors: ['recording_unavailable'], ended: 1 });
  });

  it('that is only recorded if possible does not wait for its recorder', async () => {
    const { seen, recorder } = await attach('on');
    await until(() => seen.frames.length === 2);
    recorder.reject(new AppError('recording_unavailable'));
    expect(seen).toMatchObject({ errors: [], ended: 0, opened: 1 });
  });
});

it.each<[RecordingMode, boolean]>([
  ['off', true],
  ['required', false],
])('a viewer of a session that is %s (created by this attach: %s) starts no recorder', async (recording, create) => {
  const { seen } = await attach(recording, create);
  await until(() => seen.frames.length === 2);
  expect(seen.opened).toBe(0);
});
