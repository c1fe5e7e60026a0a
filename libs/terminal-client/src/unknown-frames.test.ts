import { type DownFrame, frameType } from '@webxterm/contracts/frames';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bench } from './testing/fake-server.ts';

/** Frames with `offset` 0. The conversation gives each output its place. */
const known: fc.Arbitrary<DownFrame> = fc.oneof<fc.Arbitrary<DownFrame>[]>(
  fc.record({
    type: fc.constant('output'),
    offset: fc.constant(0),
    payload: fc.uint8Array({ minLength: 1, maxLength: 60 }),
  }),
  fc.record({
    type: fc.constant('size'),
    offset: fc.constant(0),
    cols: fc.integer({ min: 1, max: 300 }),
    rows: fc.integer({ min: 1, max: 300 }),
  }),
  fc.record({ type: fc.constant('driver'), driver: fc.boolean(), hold: fc.boolean() }),
  fc.record({ type: fc.constant('input_ack'), applied: fc.constant(0), limit: fc.integer({ min: 5, max: 300_000 }) }),
  fc.record({ type: fc.constant('state'), state: fc.constant('unreachable'), retryInMs: fc.nat(5000) }),
  fc.record({ type: fc.constant('pass'), expiresInMs: fc.nat(300_000), pass: fc.constant('wxt_rp_x') }),
  fc.record({ type: fc.constant('pong'), scope: fc.constantFrom('hop', 'path'), nonce: fc.nat(5) }),
  fc.record({
    type: fc.constant('snapshot'),
    offset: fc.constant(0),
    last: fc.boolean(),
    payload: fc.uint8Array({ maxLength: 40 }),
  }),
);

const knownTypes: ReadonlySet<number> = new Set(Object.values(frameType));
const unknown: fc.Arbitrary<DownFrame> = fc.record({
  type: fc.constant('unknown'),
  code: fc.integer({ min: 0x80, max: 0xff }).filter((code) => !knownTypes.has(code)),
  payload: fc.uint8Array({ maxLength: 60 }),
});

/** Everything that the caller and the server see of a client that receives these frames. */
const converse = async (frames: readonly DownFrame[]) => {
  const bench = new Bench();
  const socket = await bench.attach();
  let next = 0;
  for (const frame of frames) {
    socket.sendFrame(frame.type === 'output' ? { ...frame, offset: next } : frame);
    if (frame.type === 'output') next += frame.payload.length;
    for (const { rendered } of bench.output) rendered();
    if (frame.type === 'unknown') continue;
    bench.client.type('x');
    await bench.clock.pass(100);
  }
  const { drawn, gaps, drivers, applied, states } = bench;
  // The attach has a random viewer id.
  const sent = socket.sent.filter(({ type }) => type !== 'attach');
  return { drawn, gaps, drivers, applied, states, sent, closed: socket.closedByClient };
};

describe('frames of unknown types from the server', () => {
  it('that may be skipped change nothing, wherever they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(known, fc.array(unknown, { maxLength: 3 })), { maxLength: 15 }),
        async (all) => {
          const seen = await converse(all.flatMap(([frame, more]) => [...more, frame, ...more]));
          expect(seen).toEqual(await converse(all.map(([frame]) => frame)));
          expect(seen.closed).toBeUndefined();
        },
      ),
    );
  });

  it('that may not be skipped end the connection, and the reason names the type', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    socket.sendFrame({ type: 'unknown', code: 0x7e, payload: new Uint8Array(3) });
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: 'unknown frame type 0x7e' });
  });

  it('are announced as skipped in the hello', async () => {
    const socket = await new Bench().attach();
    expect(socket.of('hello')).toEqual([{ type: 'hello', protocolMin: 1, protocolMax: 1, capabilities: 3 }]);
  });
});
