import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDown, encodeDown } from './down-codec.ts';
import type { DownFrame, UpFrame } from './frame.ts';
import { frameType } from './layout.ts';
import { maxInputFrame, maxOutputFrame, maxTimeMarks } from './limits.ts';
import { maxNameBytes } from './participants.ts';
import { decodeUp, encodeUp } from './up-codec.ts';
import { FrameError } from './wire.ts';

const id = Uint8Array.from({ length: 16 }, (_, index) => index);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

// docs/protocol.md shows the same bytes. A change here is a change of the protocol.
const goldenUp: readonly [string, UpFrame][] = [
  ['01010100000000', { type: 'hello', protocolMin: 1, protocolMax: 1, capabilities: 0 }],
  [
    '0203000102030405060708090a0b0c0d0e0f000000000000000700500018',
    { type: 'attach', viewerId: id, create: true, from: 7, cols: 80, rows: 24 },
  ],
  [
    '0200000102030405060708090a0b0c0d0e0f000000000000000000500018',
    { type: 'attach', viewerId: id, create: false, from: undefined, cols: 80, rows: 24 },
  ],
  ['030000000000000003016c730d', { type: 'input', offset: 3, reply: true, earlier: false, payload: bytes('6c730d') }],
  ['030000000000000003036c730d', { type: 'input', offset: 3, reply: true, earlier: true, payload: bytes('6c730d') }],
  ['0400000001000000000000000100010000', { type: 'limit', acked: 2 ** 32, limit: 2 ** 32 + 65536 }],
  ['0500840032', { type: 'resize', cols: 132, rows: 50 }],
  ['0601', { type: 'visible', visible: true }],
  ['070112345678', { type: 'ping', scope: 'path', nonce: 0x12345678 }],
  ['0800', { type: 'detach', reason: 'left' }],
  ['0900010000', { type: 'snapshot_ack', bytes: 65536 }],
  ['8101', { type: 'ask_to_type', asks: true }],
  ['8200000002', { type: 'give_typing', viewer: 2 }],
];

const goldenDown: readonly [string, DownFrame][] = [
  ['410100000000000102030405060708090a0b0c0d0e0f', { type: 'hello', protocol: 1, capabilities: 0, sessionId: id }],
  [
    `4203${'0000000000000001'}${'0000000000000002'}${'0000000000000003'}${'0000000000000004'}${'0000000000040004'}00500018`,
    {
      type: 'accepted',
      created: true,
      driver: true,
      offset: 1,
      head: 2,
      liveFrom: 3,
      inputApplied: 4,
      inputLimit: 262148,
      cols: 80,
      rows: 24,
    },
  ],
  ['43000000000000000a68690d0a', { type: 'output', offset: 10, payload: bytes('68690d0a') }],
  ['44000000000000000a0000000000000014', { type: 'gap', from: 10, to: 20 }],
  ['4500000000000000010000000000040001', { type: 'input_ack', applied: 1, limit: 262145 }],
  ['4600000000000000000000000000040000', { type: 'input_reset', applied: 0, limit: 262144 }],
  ['47000000000000000500840032', { type: 'size', offset: 5, cols: 132, rows: 50 }],
  ['4803', { type: 'driver', driver: true, hold: true }],
  [
    '490000000000000100010100000003',
    { type: 'ended', finalOffset: 256, cause: 'shell_exit', exitCode: 3, signal: undefined },
  ],
  [
    '4900000000000001000200000000005349474b494c4c',
    { type: 'ended', finalOffset: 256, cause: 'ended_by_user', exitCode: undefined, signal: 'SIGKILL' },
  ],
  ['4a09766965775f6f6e6c796e6f', { type: 'refused', code: 'view_only', message: 'no' }],
  ['4b02000007d0', { type: 'state', state: 'unreachable', retryInMs: 2000 }],
  ['4c000493e07778745f72705f78', { type: 'pass', expiresInMs: 300000, pass: 'wxt_rp_x' }],
  ['4d0000000001', { type: 'pong', scope: 'hop', nonce: 1 }],
  ['c0010203', { type: 'unknown', code: 0xc0, payload: bytes('010203') }],
  [
    `c1${'000000000000000a'}${'0000000000000190'}${'000000000000000c'}${'000000000000019f'}`,
    {
      type: 'times',
      marks: [
        { offset: 10, ms: 400 },
        { offset: 12, ms: 415 },
      ],
    },
  ],
  ['c202', { type: 'recorded', mode: 'required' }],
  [
    `c3${'00000002'}${'00000001'}0303616e6e${'00000002'}0e03626f62`,
    {
      type: 'presence',
      you: 2,
      participants: [
        { number: 1, name: 'ann', owner: true, control: true, types: false, asks: false, typesAlways: false },
        { number: 2, name: 'bob', owner: false, control: true, types: true, asks: true, typesAlways: false },
      ],
    },
  ],
  ['c40176696d', { type: 'foreground', state: 'program', program: 'vim' }],
  ['c5000493e000007080', { type: 'idle', endsInMs: 300_000, limitSeconds: 28_800 }],
  ['c400', { type: 'foreground', state: 'shell', program: '' }],
  ['4e0000000000000009011b5b48', { type: 'snapshot', offset: 9, last: true, payload: bytes('1b5b48') }],
];

describe('frames on the wire', () => {
  it.each(goldenUp)('writes and reads the documented bytes %s', (wire, frame) => {
    expect(hex(encodeUp(frame))).toBe(wire);
    expect(decodeUp(bytes(wire))).toEqual(frame);
  });

  it.each(goldenDown)('writes and reads the documented bytes %s', (wire, frame) => {
    expect(hex(encodeDown(frame))).toBe(wire);
    expect(decodeDown(bytes(wire))).toEqual(frame);
  });

  it('encodes every offset below 2^53 and every byte value', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.uint8Array({ maxLength: 300 }), fc.boolean(), (offset, payload, reply) => {
        const input: UpFrame = { type: 'input', offset, reply, earlier: !reply, payload };
        expect(decodeUp(encodeUp(input))).toEqual(input);
        expect(decodeDown(encodeDown({ type: 'output', offset, payload }))).toEqual({
          type: 'output',
          offset,
          payload,
        });
      }),
    );
  });
});

describe('a frame of an unknown type', () => {
  const known = new Set<number>(Object.values(frameType));
  const unknownType = (from: number, to: number) =>
    fc.integer({ min: from, max: to }).filter((code) => !known.has(code));

  it('from 0x80 on is read as unknown, in both directions, and written the same again', () => {
    fc.assert(
      fc.property(unknownType(0x80, 0xff), fc.uint8Array({ maxLength: 300 }), (code, payload) => {
        const wire = Uint8Array.of(code, ...payload);
        expect(decodeUp(wire)).toEqual({ type: 'unknown', code, payload });
        expect(decodeDown(wire)).toEqual({ type: 'unknown', code, payload });
        expect(encodeUp({ type: 'unknown', code, payload })).toEqual(wire);
        expect(encodeDown({ type: 'unknown', code, payload })).toEqual(wire);
      }),
    );
  });

  it('below 0x80 violates the protocol, and the error names the type', () => {
    fc.assert(
      fc.property(unknownType(0, 0x7f), fc.uint8Array({ maxLength: 30 }), (code, payload) => {
        const name = `unknown frame type 0x${code.toString(16).padStart(2, '0')}`;
        expect(() => decodeUp(Uint8Array.of(code, ...payload))).toThrow(name);
        expect(() => decodeDown(Uint8Array.of(code, ...payload))).toThrow(name);
      }),
    );
  });

  it('has at most as many bytes as input or output', () => {
    const unknown = (code: number, size: number) => ({ type: 'unknown', code, payload: new Uint8Array(size) }) as const;
    expect(decodeUp(encodeUp(unknown(0x80, maxInputFrame)))).toEqual(unknown(0x80, maxInputFrame));
    expect(decodeDown(encodeDown(unknown(0xc0, maxOutputFrame)))).toEqual(unknown(0xc0, maxOutputFrame));
    expect(() => decodeUp(encodeUp(unknown(0x80, maxInputFrame + 1)))).toThrow('0x80 of 16385 bytes is over 16384');
    expect(() => decodeDown(encodeDown(unknown(0xc0, maxOutputFrame + 1)))).toThrow(
      '0xc0 of 65537 bytes is over 65536',
    );
  });
});

describe('bad frames', () => {
  const refuses = (decode: (frame: Uint8Array) => unknown, wire: string): void => {
    expect(() => decode(bytes(wire))).toThrow(FrameError);
  };

  it('refuses an empty message, an unknown type and the other direction', () => {
    refuses(decodeUp, '');
    refuses(decodeUp, '3f');
    refuses(decodeUp, '43000000000000000a68');
    refuses(decodeDown, '0300000000000000030a');
  });

  it('refuses a truncated frame and a frame with excess bytes', () => {
    refuses(decodeUp, '0400000001');
    refuses(decodeUp, '060101');
    refuses(decodeDown, '44000000000000000a');
  });

  it('refuses times that are out of order, cut, none or too many, and a mode that is unknown', () => {
    const mark = (offset: number, ms: number): string =>
      offset.toString(16).padStart(16, '0') + ms.toString(16).padStart(16, '0');
    refuses(decodeDown, 'c1');
    refuses(decodeDown, `c1${mark(1, 1)}00`);
    refuses(decodeDown, `c1${mark(1, 1)}${mark(1, 2)}`);
    refuses(decodeDown, `c1${mark(1, 2)}${mark(2, 1)}`);
    const marks = Array.from({ length: maxTimeMarks }, (_, index) => ({ offset: index, ms: index }));
    expect(decodeDown(encodeDown({ type: 'times', marks }))).toEqual({ type: 'times', marks });
    const tooMany = [
      ...marks,
      { offset: maxTimeMarks, ms: maxTimeMarks },
      { offset: maxTimeMarks + 1, ms: maxTimeMarks },
    ];
    expect(() => decodeDown(encodeDown({ type: 'times', marks: tooMany }))).toThrow(FrameError);
    refuses(decodeDown, 'c203');
  });

  it('refuses a presence whose last participant is cut, or whose name is not UTF-8 or too long', () => {
    refuses(decodeDown, 'c30000');
    refuses(decodeDown, 'c30000000200000001');
    refuses(decodeDown, 'c300000002000000010303616e');
    refuses(decodeDown, 'c300000002000000010301ff');
    const first = { number: 1, owner: true, control: true, types: true, asks: false, typesAlways: false };
    const named = (name: string): DownFrame => ({ type: 'presence', you: 1, participants: [{ ...first, name }] });
    expect(decodeDown(encodeDown(named('a'.repeat(maxNameBytes))))).toEqual(named('a'.repeat(maxNameBytes)));
    expect(() => encodeDown(named('a'.repeat(maxNameBytes + 1)))).toThrow(FrameError);
  });

  it('reads the end of a session for a cause of a later version as unknown', () => {
    const ended = encodeDown({
      type: 'ended',
      finalOffset: 5,
      cause: 'idle_timeout',
      exitCode: undefined,
      signal: 'SIGHUP',
    });
    expect(ended[9]).toBe(9);
    ended[9] = 0xfe;
    expect(decodeDown(ended)).toMatchObject({ type: 'ended', finalOffset: 5, cause: 'unknown', signal: 'SIGHUP' });
  });

  it('refuses a foreground of an unknown state, or of a program whose name is not UTF-8 or too long', () => {
    refuses(decodeDown, 'c4');
    refuses(decodeDown, 'c403');
    refuses(decodeDown, 'c401ff');
    refuses(decodeDown, `c401${'61'.repeat(maxNameBytes + 1)}`);
    const named = (program: string): DownFrame => ({ type: 'foreground', state: 'carrier', program });
    expect(decodeDown(encodeDown(named('a'.repeat(maxNameBytes))))).toEqual(named('a'.repeat(maxNameBytes)));
    expect(() => encodeDown(named('a'.repeat(maxNameBytes + 1)))).toThrow(FrameError);
  });

  it('refuses a window size of 0 or over 1000', () => {
    refuses(decodeUp, '0500000018');
    refuses(decodeUp, '05005003e9');
  });

  it('refuses payloads over their limits and offsets beyond 2^53', () => {
    expect(() =>
      decodeUp(
        encodeUp({
          type: 'input',
          offset: 0,
          reply: false,
          earlier: false,
          payload: new Uint8Array(maxInputFrame + 1),
        }),
      ),
    ).toThrow(FrameError);
    expect(() =>
      decodeDown(encodeDown({ type: 'output', offset: 0, payload: new Uint8Array(maxOutputFrame + 1) })),
    ).toThrow(FrameError);
    refuses(decodeUp, '04ffffffffffffffffffffffffffffffff');
  });

  it('never throws anything but FrameError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (junk) => {
        for (const decode of [decodeUp, decodeDown]) {
          try {
            decode(junk);
          } catch (error) {
            expect(error).toBeInstanceOf(FrameError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
