import { describe, expect, it } from 'vitest';
import { TerminalRefusal } from './api.ts';
import { longestMs, shortestMs } from './patience.ts';
import { Bench, settled, type TestSocket } from './testing/fake-server.ts';

const kib = 1024;
const mib = 1024 * kib;
const pass = (token: string) => ({ type: 'pass', expiresInMs: 300_000, pass: token }) as const;
const inputLengths = (socket: TestSocket): number[] => socket.of('input').map(({ payload }) => payload.length);

describe('reconnecting', () => {
  it.each([1006, 1012, 4409, 4999])('after %i is immediate, at the offset of the output', async (code) => {
    const bench = new Bench();
    await bench.attach();
    bench.says(0, 'abc');
    bench.socket.break(code);
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', retryInMs: 0 });
    await bench.clock.pass(0);
    const socket = await bench.attach({ offset: 3, liveFrom: 3 });
    expect(socket.of('attach')[0]).toMatchObject({ create: false, from: 3 });
    expect(bench.gaps).toEqual([]);
  });

  it('after 4410 does not happen, because the session has ended, whether its end was received or not', async () => {
    for (const reported of [true, false]) {
      const bench = new Bench();
      const socket = await bench.attach();
      if (reported)
        socket.sendFrame({ type: 'ended', finalOffset: 0, cause: 'unknown', exitCode: undefined, signal: undefined });
      socket.break(4410);
      await bench.clock.pass(60_000);
      expect(bench.client.state).toEqual({ state: 'ended', cause: 'unknown', exitCode: undefined, signal: undefined });
      expect([bench.sockets.length, bench.asked.length]).toEqual([1, 1]);
    }
  });

  it('waits longer each time that a connection does not last, whether it opens or not, and never over 5 s', async () => {
    const bench = new Bench();
    await bench.attach();
    const waits: number[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      bench.socket.break();
      const { state } = bench.client;
      const wait = state.state === 'reconnecting' ? state.retryInMs : -1;
      waits.push(wait);
      await bench.clock.pass(Math.max(0, wait - 1));
      if (wait > 0) expect(bench.sockets).toHaveLength(turn + 1);
      await bench.clock.pass(1);
      // Every second connection is accepted, and breaks at once.
      if (turn % 2 === 0) await bench.attach();
    }
    expect(waits.slice(0, 9)).toEqual([0, 150, 150, 150, 150, 150, 150, 169, 200]);
    expect(waits.slice(-2)).toEqual([3750, 3750]);
    await bench.attach();
    for (let second = 0; second < 5; second += 1) {
      bench.socket.sendFrame({ type: 'pong', scope: 'hop', nonce: 0 });
      await bench.clock.pass(1000);
    }
    bench.socket.break();
    expect(bench.client.state).toMatchObject({ retryInMs: 0 });
  });

  it('uses the latest of the passes, which arrive every two minutes', async () => {
    const bench = new Bench();
    await bench.attach();
    for (let minute = 0; minute < 20; minute += 1) {
      if (minute % 2 === 0) bench.socket.sendFrame(pass(`wxt_rp_${minute}`));
      for (let second = 0; second < 60; second += 3) {
        bench.socket.sendFrame({ type: 'pong', scope: 'hop', nonce: 0 });
        await bench.clock.pass(3000);
      }
    }
    bench.socket.break();
    await bench.clock.pass(0);
    expect(bench.socket.url).toBe('wxt_rp_18');
    expect(bench.asked).toHaveLength(1);
  });

  it('requests a ticket once when its pass was refused, and accepts the answer as final', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    socket.sendFrame(pass('wxt_rp_1'));
    socket.break();
    await bench.clock.pass(0);
    bench.ticket = () => Promise.reject(new TerminalRefusal('not_found', 'No machine by that id.'));
    // A browser cannot read the reason of a rejected upgrade.
    bench.socket.break(1006);
    await bench.clock.pass(60_000);
    expect(bench.asked).toEqual([undefined, 's1']);
    expect(bench.client.state).toEqual({ state: 'refused', code: 'not_found', message: 'No machine by that id.' });
    expect(bench.sockets).toHaveLength(2);
  });

  it('alternates between its pass and a ticket while no server answers', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    socket.sendFrame(pass('wxt_rp_1'));
    bench.ticket = () => Promise.reject(new TypeError('fetch failed'));
    socket.break();
    for (let turn = 0; turn < 3; turn += 1) {
      const dials = bench.sockets.length;
      while (bench.sockets.length === dials) await bench.clock.pass(10);
      expect(bench.socket.url).toBe('wxt_rp_1');
      bench.socket.break(1006);
    }
    expect(bench.asked).toHaveLength(3);
    bench.ticket = async () => ({ ticket: 'wxt_tk_2', sessionId: 's1' });
    await bench.clock.pass(300);
    expect(bench.socket.url).toBe('wxt_tk_2');
    // Once a ticket was accepted, the old pass is not used again.
    bench.ticket = async () => ({ ticket: 'wxt_tk_3', sessionId: 's1' });
    bench.socket.break(1006);
    await bench.clock.pass(300);
    expect(bench.socket.url).toBe('wxt_tk_3');
  });

  it('does not wait indefinitely for a ticket or for a socket to open', async () => {
    const bench = new Bench();
    const unanswered = Promise.withResolvers<{ ticket: string; sessionId: string }>();
    bench.ticket = () => unanswered.promise;
    await settled();
    bench.socket.break();
    await bench.clock.pass(0);
    bench.ticket = async () => ({ ticket: 'wxt_tk_2', sessionId: 's2' });
    await bench.clock.pass(longestMs - 1);
    expect(bench.asked).toHaveLength(2);
    await bench.clock.pass(1);
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: 'the server did not answer in time' });
    await bench.clock.pass(1000);
    // The first answer arrives late and is ignored.
    unanswered.resolve({ ticket: 'wxt_tk_late', sessionId: 's_late' });
    await bench.clock.pass(longestMs - 1001);
    expect(bench.sockets.map(({ url }) => url)).toEqual(['wxt_tk_1', 'wxt_tk_2']);
    expect(bench.client.sessionId).toBe('s2');
    await bench.clock.pass(2000);
    expect(bench.sockets).toHaveLength(3);
  });
});

describe('a server that sends nothing', () => {
  /** Lets `count` dials time out. @returns the time of each, in ms after the break */
  const dials = async (bench: Bench, count: number): Promise<number[]> => {
    const brokeAt = bench.clock.now();
    const before = bench.sockets.length;
    const made: number[] = [];
    bench.socket.break();
    for (let step = 0; made.length < count; step = 10) {
      await bench.clock.pass(step);
      while (bench.sockets.length > before + made.length) made.push(bench.clock.now() - brokeAt);
    }
    return made;
  };

  it('is dialled again after 500 ms if dials were quick, then after four times as long, 10 s at most', async () => {
    const bench = new Bench();
    await bench.attach();
    expect(await dials(bench, 5)).toEqual([0, 500, 2500, 10_500, 20_500]);
    expect(bench.sockets.slice(1, -1).map(({ closedByClient }) => closedByClient)).toEqual([1005, 1005, 1005, 1005]);
  });

  it('is given four times the duration of a dial if dials are slow', async () => {
    const bench = new Bench();
    await settled();
    await bench.clock.pass(800);
    await bench.attach();
    expect((await dials(bench, 3))[1]).toBe(4 * 800);
  });

  it('does not affect dials after it has answered again', async () => {
    const bench = new Bench();
    await bench.attach();
    await dials(bench, 3);
    await bench.attach({ offset: 0 });
    expect((await dials(bench, 3)).slice(0, 2).map((ms) => ms <= shortestMs + 250)).toEqual([true, true]);
  });
});

describe('typed input', () => {
  it('is sent in frames of 16 KiB within the limit of the machine, with at most one of them queued in the socket', async () => {
    const bench = new Bench();
    bench.client.type(new Uint8Array(100 * kib));
    const socket = await bench.attach({ inputLimit: 40 * kib });
    expect(inputLengths(socket)).toEqual([16 * kib, 16 * kib, 8 * kib]);
    socket.bufferedAmount = 16 * kib + 1;
    socket.sendFrame({ type: 'input_ack', applied: 40 * kib, limit: 256 * kib });
    await bench.clock.pass(1000);
    expect(inputLengths(socket)).toHaveLength(3);
    socket.bufferedAmount = 0;
    await bench.clock.pass(4);
    expect(inputLengths(socket).reduce((sum, length) => sum + length)).toBe(100 * kib);
  });

  it('is kept up to 64 MiB while there is no connection, and refused as a whole beyond', async () => {
    const bench = new Bench();
    expect(bench.client.type(new Uint8Array(64 * mib))).toBe(true);
    expect(bench.client.type('x')).toBe(false);
    expect(bench.client.inputTaken).toBe(64 * mib);
    const socket = await bench.attach();
    expect(inputLengths(socket).reduce((sum, length) => sum + length)).toBe(256 * kib);
    socket.sendFrame({ type: 'input_ack', applied: 1, limit: 256 * kib + 1 });
    expect(bench.client.type('x')).toBe(true);
  });
});

describe('a caller that closes the client within a handler', () => {
  it.each(['session', 'state', 'output'] as const)('of %s gets no further call', async (where) => {
    const reported: string[] = [];
    const { handlers } = new Bench().options;
    const leave = (what: string): void => {
      reported.push(what);
      if (what === where) bench.client.close();
    };
    const bench: Bench = new Bench({
      handlers: {
        ...handlers,
        session: () => leave('session'),
        state: ({ state }) => leave(state === 'live' ? 'state' : state),
        size: () => leave('size'),
        output: (_bytes, _at, rendered) => {
          leave('output');
          rendered();
        },
      },
    });
    await bench.attach({ head: 2, liveFrom: 2 });
    bench.says(0, 'past and present');
    bench.socket.break();
    await bench.clock.pass(60_000);
    expect(reported.at(-1)).toBe(where);
    expect(reported.filter((what) => what === where)).toHaveLength(1);
    expect([bench.sockets.length, bench.socket.closedByClient]).toEqual([1, 1000]);
  });
});
