import { describe, expect, it } from 'vitest';
import { eventReader, type ServerEvent } from './event-stream.ts';

describe('server-sent events', () => {
  const read = (...pieces: string[]) => {
    const events: ServerEvent[] = [];
    const next = eventReader((event) => events.push(event));
    for (const piece of pieces) next(piece);
    return events;
  };
  const stream = 'event: status\r\ndata: {"a":1}\r\n\r\n: heartbeat\n\ndata: one\ndata:two\n\nevent: stats\n\n';
  const events = [
    { event: 'status', data: '{"a":1}' },
    { event: 'message', data: 'one\ntwo' },
  ];

  it('are read whole', () => expect(read(stream)).toEqual(events));

  it('do not depend on the chunks of the network', () => {
    for (let at = 1; at < stream.length; at += 1)
      expect(read(stream.slice(0, at), stream.slice(at)), `cut at ${at}`).toEqual(events);
    expect(read(...stream)).toEqual(events);
  });

  it('are bounded', () => {
    for (const line of ['data: ', 'event: status\ndata: one\ndata: ']) {
      const next = eventReader(() => {});
      next(line);
      expect(() => {
        for (let n = 0; n < 100; n += 1) next('x'.repeat(10_000));
      }).toThrow();
    }
  });

  it('are read although the stream contains unknown fields, ids and lines that end in CR', () => {
    expect(read('id: 7\nretry: 1\nnew field: x\nno field\ndata: 1\r\r', 'data: 2\n\n')).toEqual([
      { event: 'message', data: '1' },
      { event: 'message', data: '2' },
    ]);
  });
});
