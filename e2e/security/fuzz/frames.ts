import { encodeUp, type UpFrame } from '@webxterm/contracts/frames';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { World } from '../world.ts';

/** Sockets, with up to five frames each. */
const cases = 400;
const batch = 8;

const offset = fc.oneof(fc.nat(1000), fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER));
const u8 = fc.nat(255);
const u16 = fc.nat(65_535);
const u32 = fc.nat(0xffff_ffff);
const bytes = (maxLength: number): Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });

const wellFormed: Arbitrary<Uint8Array> = fc
  .oneof<Arbitrary<UpFrame>[]>(
    fc.record({ type: fc.constant('hello'), protocolMin: u8, protocolMax: u8, capabilities: u32 }),
    fc.record({
      type: fc.constant('attach'),
      viewerId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      create: fc.boolean(),
      from: fc.option(offset, { nil: undefined }),
      cols: u16,
      rows: u16,
    }),
    fc.record({
      type: fc.constant('input'),
      offset,
      reply: fc.boolean(),
      earlier: fc.boolean(),
      payload: bytes(64),
    }),
    fc.record({ type: fc.constant('limit'), acked: offset, limit: offset }),
    fc.record({ type: fc.constant('resize'), cols: u16, rows: u16 }),
    fc.record({ type: fc.constant('visible'), visible: fc.boolean() }),
    fc.record({ type: fc.constant('ping'), scope: fc.constantFrom('hop', 'path'), nonce: u32 }),
    fc.record({ type: fc.constant('snapshot_ack'), bytes: u32 }),
  )
  .map(encodeUp);

const frames: Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: wellFormed },
  { weight: 1, arbitrary: bytes(300) },
  {
    weight: 2,
    arbitrary: fc.tuple(wellFormed, fc.nat(), u8).map(([frame, at, value]) => {
      const changed = Uint8Array.from(frame);
      changed[at % changed.length] = value;
      return changed;
    }),
  },
  { weight: 1, arbitrary: fc.tuple(wellFormed, fc.nat()).map(([frame, to]) => frame.slice(0, to % frame.length)) },
  { weight: 1, arbitrary: fc.tuple(wellFormed, bytes(9)).map(([frame, more]) => Uint8Array.of(...frame, ...more)) },
);

/** Says everything, then leaves. @returns the code with which it was closed */
const say = (url: string, said: readonly Uint8Array[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'webxterm.v1', { perMessageDeflate: false });
    socket.on('open', () => {
      for (const frame of said) socket.send(frame);
      socket.close(1000);
    });
    socket.on('close', resolve);
    socket.on('error', reject);
  });

/** The service's own failure, and a connection that just went away. */
const notOurs = new Set([1006, 1011]);

export const fuzzFrames = (world: () => World): void => {
  describe('frames of a hostile viewer', () => {
    it(`end their own socket at most, on ${cases} sockets`, async () => {
      const { stack, agentId, cast, session } = world();
      const query = new URLSearchParams({ token: cast.control.token, session_id: session.sessionId });
      const url = `${stack.url.replace('http', 'ws')}/api/terminal/${agentId}/ws?${query}`;
      const seed = Date.now();
      const drawn = fc.sample(fc.array(frames, { minLength: 1, maxLength: 5 }), { seed, numRuns: cases });
      const found: string[] = [];
      for (let from = 0; from < cases; from += batch) {
        const codes = await Promise.all(drawn.slice(from, from + batch).map((said) => say(url, said)));
        for (const [index, code] of codes.entries())
          if (notOurs.has(code))
            found.push(`${code} ${drawn[from + index]?.map((frame) => Buffer.from(frame).toString('hex'))}`);
      }
      expect(found, `seed ${seed}`).toEqual([]);
    });
  });
};
