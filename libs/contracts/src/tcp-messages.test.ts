import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  maxTcpData,
  TcpMessageError,
  TcpMessageReader,
  type TcpPart,
  tcpData,
  tcpEnd,
  tcpReset,
} from './tcp-messages.ts';

const joined = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

it('has these bytes', () => {
  expect(joined(tcpData(Buffer.from('hi'))).toString('hex')).toBe('0100026869');
  expect(Buffer.from(tcpEnd()).toString('hex')).toBe('020000');
  expect(Buffer.from(tcpReset('no')).toString('hex')).toBe('0300026e6f');
});

it('passes on the same bytes, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 100 })),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (writes, cuts) => {
        const stream = joined([...writes.flatMap(tcpData), tcpEnd(), tcpReset('ECONNRESET')]);
        const reader = new TcpMessageReader();
        const parts: TcpPart[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          parts.push(...reader.push(stream.subarray(at, at + length)));
          at += length;
        }
        const data = joined(parts.flatMap((part) => (part.type === 'data' ? [part.bytes] : [])));
        expect(data.equals(joined(writes))).toBe(true);
        expect(parts.slice(-2)).toEqual([{ type: 'end' }, { type: 'reset', reason: 'ECONNRESET' }]);
      },
    ),
  );
});

it('splits a large write', () => {
  const messages = tcpData(Buffer.alloc(2 * maxTcpData + 1));
  expect(messages.map(({ length }) => length - 3)).toEqual([maxTcpData, maxTcpData, 1]);
});

it.each([
  ['an unknown type', '090000'],
  ['data of no bytes', '010000'],
  ['data of too many bytes', '01ffff'],
  ['an end with bytes', '020001'],
  ['a reason that is too long', '03ffff'],
  ['data after the end', '02000001000161'],
  ['a second end', '020000020000'],
])('refuses %s', (_what, bytes) => {
  expect(() => new TcpMessageReader().push(Buffer.from(bytes, 'hex'))).toThrow(TcpMessageError);
});
