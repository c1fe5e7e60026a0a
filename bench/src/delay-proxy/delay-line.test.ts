import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DelayLine } from './delay-line.ts';
import { startDelayProxy } from './delay-proxy.ts';

/** A stream whose reader is the test: what is written to it waits in `got`, and a write is done when the test says so. */
const sink = (): { stream: Duplex; got: () => string; ended: () => boolean; release: () => void; hold: () => void } => {
  let got = '';
  let held: (() => void) | undefined;
  let holding = false;
  let ended = false;
  const stream = new Duplex({
    highWaterMark: 1,
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      got += bytes.toString();
      if (holding) held = done;
      else done();
    },
    final: (done) => {
      ended = true;
      done();
    },
  });
  return {
    stream,
    got: () => got,
    ended: () => ended,
    hold: () => {
      holding = true;
    },
    release: () => {
      holding = false;
      held?.();
    },
  };
};

describe('a delay line', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('delivers each piece at its time and in order, and the end after the last piece', async () => {
    const from = new Duplex({ read: () => undefined });
    const to = sink();
    new DelayLine(from, to.stream, { delayMs: 25, maxHeld: 1000 });
    from.push('one');
    await vi.advanceTimersByTimeAsync(10);
    from.push('two');
    from.push(null);
    await vi.advanceTimersByTimeAsync(14);
    expect(to.got()).toBe('');
    await vi.advanceTimersByTimeAsync(2);
    expect(to.got()).toBe('one');
    expect(to.ended()).toBe(false);
    await vi.advanceTimersByTimeAsync(11);
    expect(to.got()).toBe('onetwo');
    expect(to.ended()).toBe(true);
  });

  it('stops reading while its buffer is full, and continues when the receiver reads', async () => {
    const from = new Duplex({ read: () => undefined });
    const to = sink();
    const line = new DelayLine(from, to.stream, { delayMs: 5, maxHeld: 100 });
    to.hold();
    for (let piece = 0; piece < 10; piece += 1) {
      from.push(Buffer.alloc(60, 0x61));
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(from.isPaused()).toBe(true);
    expect(line.held).toBeLessThanOrEqual(100 + 60);
    to.release();
    await vi.advanceTimersByTimeAsync(100);
    expect(from.isPaused()).toBe(false);
    expect(to.got()).toHaveLength(600);
    expect(line.held).toBe(0);
  });
});

it('relays between real sockets, and delays each reply by a round trip', async () => {
  const echo = createServer((socket) => socket.pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const address = echo.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy = await startDelayProxy({ target: address.port, delayMs: 30 });
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  const at = performance.now();
  socket.write('hello');
  const [reply] = await once(socket, 'data');
  expect(String(reply)).toBe('hello');
  expect(performance.now() - at).toBeGreaterThanOrEqual(59);
  socket.end();
  await once(socket, 'close');
  proxy.close();
  echo.close();
});
