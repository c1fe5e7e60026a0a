import { describe, expect, it } from 'vitest';
import {
  type FileMessage,
  FileMessageError,
  FileMessageReader,
  fileData,
  fileJson,
  maxFileMessage,
} from './file-messages.ts';

const payload = new Uint8Array([0, 1, 2, 255]);
const stream = new Uint8Array(
  Buffer.concat([fileJson({ op: 'make_folder', path: '/é' }), fileData(payload), fileJson(null)]),
);

const contents = (messages: readonly FileMessage[]): unknown[] =>
  messages.map((message) => (message.type === 'json' ? message.value : [...message.bytes]));

describe('messages about files', () => {
  it('have these bytes', () => {
    expect(Buffer.from(fileJson({}))).toEqual(Buffer.from('00000003017b7d', 'hex'));
    expect(Buffer.from(fileData(payload))).toEqual(Buffer.from('0000000502000102ff', 'hex'));
  });

  it.each([1, 2, 3, 5, 7, 100])('are read from pieces of %i bytes', (size) => {
    const reader = new FileMessageReader();
    const messages: FileMessage[] = [];
    for (let at = 0; at < stream.length; at += size) messages.push(...reader.push(stream.subarray(at, at + size)));
    expect(contents(messages)).toEqual([{ op: 'make_folder', path: '/é' }, [...payload], null]);
    expect(messages.reduce((sum, message) => sum + message.size, 0)).toBe(stream.length);
  });

  it('are read from 200,000 pieces of a message, without copying all before with each', () => {
    const reader = new FileMessageReader();
    const bytes = fileJson('x'.repeat(1_000_000));
    const messages: FileMessage[] = [];
    for (let at = 0; at < bytes.length; at += 5) messages.push(...reader.push(bytes.subarray(at, at + 5)));
    messages.push(...reader.push(fileData(payload)));
    expect(messages.map(({ type }) => type)).toEqual(['json', 'data']);
    expect(contents(messages.slice(1))).toEqual([[...payload]]);
  });

  it('stay as they are when further bytes are read', () => {
    const reader = new FileMessageReader();
    const [first] = reader.push(new Uint8Array(Buffer.concat([fileData(payload), fileData(payload).subarray(0, 6)])));
    const [second] = reader.push(new Uint8Array([9, 9, 9]));
    expect(contents([first, second].filter((each) => each !== undefined))).toEqual([[...payload], [0, 9, 9, 9]]);
  });

  it.each([
    ['too long', Buffer.from([0xff, 0xff, 0xff, 0xff, 2])],
    ['longer than the limit by a byte', Buffer.from(new Uint32Array([0]).buffer)],
    ['without a type', Buffer.from([0, 0, 0, 0, 1])],
    ['of an unknown type', Buffer.from([0, 0, 0, 1, 3])],
    ['that is not JSON', Buffer.from([0, 0, 0, 2, 1, 0x7b])],
  ])('%s are refused', (what, bytes) => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(maxFileMessage + 1);
    const sent = what.startsWith('longer') ? head : bytes;
    expect(() => new FileMessageReader().push(new Uint8Array(sent))).toThrow(FileMessageError);
  });
});
