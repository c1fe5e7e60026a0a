import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startBodyTimer, uploadGoesOn } from './body-timer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A request whose body has not arrived yet, and what its socket gets. */
const make = (headersSent = false) => {
  let sent = '';
  const socket = new Duplex({
    read: () => {},
    write: (chunk, _encoding, done) => {
      sent += String(chunk);
      done();
    },
  });
  const request = Object.assign(new EventEmitter(), { socket }) as unknown as IncomingMessage;
  startBodyTimer(request, { headersSent } as ServerResponse);
  return { request, socket, sent: () => sent };
};

describe('the body of a request', () => {
  it('ends with 408 when nothing arrives for 30 s, and may take longer in all if it is an upload', () => {
    const upload = make();
    for (let seconds = 0; seconds < 120; seconds += 20) {
      vi.advanceTimersByTime(20_000);
      uploadGoesOn(upload.request);
    }
    expect(upload.sent()).toBe('');
    vi.advanceTimersByTime(30_000);
    expect(upload.sent()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('has no limit once it is complete or gone, and is cut off behind a response that has begun', () => {
    const [complete, gone, begun] = [make(), make(), make(true)];
    complete.request.emit('end');
    gone.request.emit('close');
    vi.advanceTimersByTime(30_000);
    expect([complete.sent(), gone.sent(), begun.sent()]).toEqual(['', '', '']);
    expect([complete.socket.destroyed, gone.socket.destroyed, begun.socket.destroyed]).toEqual([false, false, true]);
  });
});
