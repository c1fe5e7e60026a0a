import { describe, expect, it } from 'vitest';
import { TerminalRefusal } from './api.ts';
import { Bench, settled, type TestSocket } from './testing/fake-server.ts';

const typed = (socket: TestSocket): [number, string][] =>
  socket.of('input').map(({ offset, payload }) => [offset, new TextDecoder().decode(payload)]);
const pass = (token: string) => ({ type: 'pass', expiresInMs: 300_000, pass: token }) as const;

describe('a terminal client', () => {
  it('sends hello and attach at once, and requests a new shell only until the first answer', async () => {
    const bench = new Bench();
    await settled();
    bench.socket.open();
    expect(bench.socket.sent.slice(0, 2).map(({ type }) => type)).toEqual(['hello', 'attach']);
    expect(bench.socket.of('attach')[0]).toMatchObject({ create: true, from: undefined, cols: 80, rows: 24 });
    bench.socket.break();
    await bench.clock.pass(0);
    expect(bench.asked).toEqual([undefined, 's1']);
    await bench.attach();
    expect(bench.socket.of('attach')[0]?.create).toBe(true);
    bench.socket.break();
    await bench.clock.pass(1000);
    bench.socket.open();
    expect(bench.socket.of('attach')[0]).toMatchObject({ create: false, from: 0 });
  });

  it('reconnects with its pass, and with a ticket if that connection fails too', async () => {
    const bench = new Bench();
    const first = await bench.attach();
    first.sendFrame(pass('wxt_rp_1'));
    await bench.clock.pass(10_000 - 5000 + 1);
    first.break(1012);
    expect(bench.client.state).toEqual({ state: 'reconnecting', retryInMs: 0, reason: 'the connection closed (1012)' });
    await bench.clock.pass(0);
    expect(bench.socket.url).toBe('wxt_rp_1');
    bench.socket.break();
    await bench.clock.pass(1000);
    expect(bench.socket.url).toBe('wxt_tk_1');
  });

  it('tries again at once on request, and only while it waits', async () => {
    const bench = new Bench();
    const first = await bench.attach();
    first.break();
    await bench.clock.pass(0);
    bench.socket.break();
    expect(bench.client.state).toMatchObject({ state: 'reconnecting' });
    const failed = bench.socket;
    bench.client.retryNow();
    await settled();
    expect(bench.socket).not.toBe(failed);
    const tried = bench.socket;
    bench.client.retryNow();
    await bench.clock.pass(300);
    expect(bench.socket).toBe(tried);
    await bench.attach();
    bench.client.retryNow();
    await settled();
    expect(bench.socket).toBe(tried);
  });

  it('passes on what has the foreground of the terminal', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    socket.sendFrame({ type: 'foreground', state: 'program', program: 'vim' });
    socket.sendFrame({ type: 'foreground', state: 'shell', program: '' });
    expect(bench.foregrounds).toEqual(['program vim', 'shell ']);
  });

  it('does not use an expired pass', async () => {
    const bench = new Bench();
    const first = await bench.attach();
    first.sendFrame({ ...pass('wxt_rp_1'), expiresInMs: 4000 });
    first.break();
    await bench.clock.pass(0);
    expect(bench.socket.url).toBe('wxt_tk_1');
  });

  it('repeats input that is not applied, on a new socket and after a hub change on the same one', async () => {
    const bench = new Bench();
    bench.client.type('abc');
    const first = await bench.attach();
    bench.client.type('def');
    expect(typed(first)).toEqual([
      [0, 'abc'],
      [3, 'def'],
    ]);
    first.sendFrame({ type: 'input_ack', applied: 2, limit: 1000 });
    first.break();
    bench.client.type('ghi');
    await bench.clock.pass(0);
    const second = await bench.attach({ inputApplied: 4 });
    expect(typed(second)).toEqual([
      [4, 'ef'],
      [6, 'ghi'],
    ]);
    bench.accept({ inputApplied: 6 });
    expect(typed(second).at(-1)).toEqual([6, 'ghi']);
  });

  it('reports how much input is applied, also after a machine that has forgotten the writer', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    bench.client.type('abc');
    bench.client.reply('R');
    expect([bench.client.inputTaken, bench.applied]).toEqual([4, [0]]);
    socket.sendFrame({ type: 'input_ack', applied: 3, limit: 1000 });
    socket.sendFrame({ type: 'input_reset', applied: 0, limit: 1000 });
    expect(typed(socket).at(-1)).toEqual([0, 'R']);
    socket.sendFrame({ type: 'input_ack', applied: 1, limit: 1000 });
    expect(bench.applied).toEqual([0, 3, 3, 4]);
  });

  it('delivers each byte once, reports what is lost, and resumes where it stopped', async () => {
    const bench = new Bench();
    await bench.attach();
    bench.says(0, 'hello');
    bench.says(3, 'lo w');
    bench.socket.break();
    await bench.clock.pass(0);
    bench.socket.open();
    expect(bench.socket.of('attach')[0]?.from).toBe(7);
    bench.accept({ offset: 10, liveFrom: 10 });
    bench.says(10, '!');
    expect(bench.output.map(({ text }) => text)).toEqual(['hello', ' w', '!']);
    expect(bench.gaps).toEqual([[7, 10]]);
  });

  it('sends no reply of the emulator to a replay', async () => {
    const bench = new Bench();
    const socket = await bench.attach({ liveFrom: 5, head: 5 });
    bench.says(0, 'past.now');
    expect(bench.output.map(({ text, live }) => [text, live])).toEqual([
      ['past.', false],
      ['now', true],
    ]);
    bench.client.reply('\u001b[0n');
    expect(typed(socket)).toEqual([]);
    bench.client.type('k');
    bench.output[0]?.rendered();
    bench.client.reply('R');
    expect(socket.of('input').map(({ reply }) => reply)).toEqual([false, true]);
    // The ack shows the machine that the query came after the rendered output.
    expect(socket.of('limit').at(-1)).toMatchObject({ acked: 5 });
  });

  it('marks replies to queries that it received before it attached again', async () => {
    const bench = new Bench();
    const first = await bench.attach();
    bench.says(0, 'query');
    bench.client.reply('1');
    bench.says(5, 'again');
    first.break();
    bench.output[0]?.rendered();
    bench.client.reply('2');
    await bench.clock.pass(0);
    const second = await bench.attach({ offset: 10, liveFrom: 10 });
    bench.client.reply('3');
    bench.client.type('k');
    bench.output[1]?.rendered();
    bench.says(10, 'third');
    bench.client.reply('4');
    const sent = (socket: typeof first) =>
      socket.of('input').map(({ payload, reply, earlier }) => [Buffer.from(payload).toString(), reply, earlier]);
    expect(sent(first)).toEqual([['1', true, false]]);
    expect(sent(second)).toEqual([
      ['1', true, true],
      ['2', true, true],
      ['3', true, true],
      ['k', false, false],
      ['4', true, false],
    ]);
    // A reset is no new attachment.
    bench.client.reply('5');
    second.sendFrame({ type: 'input_reset', applied: 0, limit: 1000 });
    expect(sent(second).at(-1)).toEqual(['5', true, false]);
  });

  it('sends no reply of the emulator to a replay after the next attachment', async () => {
    const bench = new Bench();
    const first = await bench.attach({ liveFrom: 5, head: 5 });
    bench.says(0, 'past.');
    first.break();
    await bench.clock.pass(0);
    const second = await bench.attach({ offset: 5, liveFrom: 5 });
    bench.client.reply('R');
    expect(typed(second)).toEqual([]);
  });

  it('sets the limit by rendering, and sends a mere ack after a pause', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    expect(socket.of('limit')).toEqual([{ type: 'limit', acked: 0, limit: 262_144 }]);
    for (const offset of [0, 50_000, 100_000]) bench.says(offset, 'x'.repeat(50_000));
    expect(socket.of('limit')).toHaveLength(1);
    bench.output[0]?.rendered();
    expect(socket.of('limit')[1]).toEqual({ type: 'limit', acked: 50_000, limit: 312_144 });
    bench.output[1]?.rendered();
    expect(socket.of('limit')).toHaveLength(2);
    await bench.clock.pass(100);
    expect(socket.of('limit')[2]?.acked).toBe(100_000);
  });

  it('treats a silent server as dead after 6 s, but does not count its own suspension', async () => {
    const bench = new Bench();
    const first = await bench.attach();
    expect(first.of('ping').map(({ scope }) => scope)).toEqual(['hop', 'path']);
    await bench.clock.pass(5999);
    expect(bench.sockets).toHaveLength(1);
    await bench.clock.pass(1);
    expect(bench.sockets).toHaveLength(2);
    const second = await bench.attach();
    bench.clock.sleep(3_600_000);
    await bench.clock.pass(1);
    expect(second.closedByClient).toBeUndefined();
    second.sendFrame({ type: 'pong', scope: 'hop', nonce: 1 });
    await bench.clock.pass(3000);
    expect(bench.sockets).toHaveLength(2);
  });

  it('ends with the shell, after the output that the limit held back', async () => {
    const bench = new Bench();
    await bench.attach();
    bench.socket.sendFrame({ type: 'ended', finalOffset: 3, cause: 'shell_exit', exitCode: 3, signal: undefined });
    expect(bench.client.state.state).toBe('live');
    bench.says(0, 'bye');
    expect(bench.client.state).toEqual({ state: 'ended', cause: 'shell_exit', exitCode: 3, signal: undefined });
    bench.socket.break(1000);
    await bench.clock.pass(60_000);
    expect(bench.sockets).toHaveLength(1);
  });

  it('stops when it was displaced, or when a ticket is refused', async () => {
    const displaced = new Bench();
    await displaced.attach();
    displaced.socket.sendFrame({ type: 'refused', code: 'displaced', message: 'A newer one.' });
    displaced.socket.break(4408);
    expect(displaced.client.state).toEqual({ state: 'refused', code: 'displaced', message: 'A newer one.' });
    const out = new Bench();
    const socket = await out.attach();
    socket.sendFrame(pass('wxt_rp_1'));
    out.ticket = () => Promise.reject(new TerminalRefusal('unauthenticated', 'Sign in.'));
    socket.break(4401);
    await out.clock.pass(0);
    expect(out.client.state).toEqual({ state: 'refused', code: 'unauthenticated', message: 'Sign in.' });
    await out.clock.pass(60_000);
    expect([displaced.sockets.length, out.sockets.length]).toEqual([1, 1]);
  });

  it('stops at the limit of sessions, and reports what to end', async () => {
    const bench = new Bench();
    await settled();
    bench.socket.open();
    const refused = { code: 'too_many_terminals', message: 'You have 64 terminals open. Close one and try again.' };
    bench.socket.sendFrame({ type: 'refused', ...refused });
    bench.socket.break(4403, refused.message);
    expect(bench.client.state).toEqual({ state: 'refused', ...refused });
    await bench.clock.pass(60_000);
    expect(bench.sockets).toHaveLength(1);
  });

  it('retries while its own broken connection still counts, and not for another one', async () => {
    const bench = new Bench();
    await bench.attach();
    bench.socket.break();
    const turnAway = async (): Promise<void> => {
      await bench.clock.pass(0);
      bench.socket.open();
      bench.socket.sendFrame({ type: 'refused', code: 'too_many_terminals', message: 'Close one.' });
      bench.socket.break(4403);
    };
    await turnAway();
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: 'Close one.' });
    await bench.clock.pass(5000);
    bench.accept();
    expect(bench.client.state).toEqual({ state: 'live' });
    bench.socket.break();
    await bench.clock.pass(0);
    for (let tries = 0; bench.client.state.state === 'reconnecting' && tries < 50; tries += 1) {
      await turnAway();
      await bench.clock.pass(1000);
    }
    expect(bench.client.state).toEqual({ state: 'refused', code: 'too_many_terminals', message: 'Close one.' });
    expect(bench.clock.now()).toBeLessThan(40_000);
  });

  it('replaces its own broken connection, and not another one', async () => {
    const bench = new Bench();
    await bench.attach();
    const displace = (): void => {
      bench.socket.sendFrame({ type: 'refused', code: 'displaced', message: 'A newer connection took over.' });
      bench.socket.break(4408);
    };
    bench.socket.break();
    await bench.clock.pass(1000);
    await bench.attach();
    displace();
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: 'A newer connection took over.' });
    await bench.clock.pass(1000);
    await bench.attach();
    expect(bench.client.state).toEqual({ state: 'live' });
    // A displaced connection that did not break was displaced by another client.
    for (let seconds = 0; seconds < 16; seconds += 4) {
      await bench.clock.pass(4000);
      bench.socket.sendFrame({ type: 'pong', scope: 'hop', nonce: 0 });
    }
    displace();
    expect(bench.client.state).toMatchObject({ state: 'refused', code: 'displaced' });
  });

  it('replaces its own abandoned attempt that attached late, long after the last break', async () => {
    const bench = new Bench();
    await bench.attach();
    bench.socket.break();
    // Each attempt is given up before it is accepted.
    while (bench.clock.now() < 20_000) {
      await bench.clock.pass(5000);
      bench.socket.break();
    }
    await bench.clock.pass(5000);
    await bench.attach();
    bench.socket.sendFrame({ type: 'refused', code: 'displaced', message: 'A newer connection took over.' });
    bench.socket.break(4408);
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: 'A newer connection took over.' });
    await bench.clock.pass(5000);
    await bench.attach();
    expect(bench.client.state).toEqual({ state: 'live' });
  });

  it('does not compete with a viewer of the same identity: it retries after a break, and not after a displacement', async () => {
    const bench = new Bench();
    await bench.attach();
    bench.socket.break();
    for (let round = 0; bench.client.state.state !== 'refused' && round < 50; round += 1) {
      await bench.clock.pass(1000);
      await bench.attach();
      bench.socket.sendFrame({ type: 'refused', code: 'displaced', message: 'A newer connection took over.' });
      bench.socket.break(4408);
    }
    expect(bench.client.state).toMatchObject({ state: 'refused', code: 'displaced' });
    expect(bench.clock.now()).toBeLessThan(30_000);
  });

  it('retries while tickets are unavailable, and while the machine is unreachable', async () => {
    const bench = new Bench();
    bench.ticket = () => Promise.reject(new Error('503'));
    await bench.clock.pass(20_000);
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: '503' });
    bench.ticket = async () => ({ ticket: 'wxt_tk_2', sessionId: 's1' });
    await bench.clock.pass(5000);
    const socket = await bench.attach();
    socket.sendFrame({ type: 'state', state: 'unreachable', retryInMs: 500 });
    expect(bench.client.state).toEqual({ state: 'unreachable', retryInMs: 500 });
    bench.accept();
    expect(bench.client.state).toEqual({ state: 'live' });
    socket.break(4503);
    expect(bench.client.state).toMatchObject({ state: 'unreachable' });
  });

  it('closes without a further event', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    const reported = bench.states.length;
    bench.client.close();
    expect([socket.of('detach')[0]?.reason, socket.closedByClient]).toEqual(['left', 1000]);
    socket.break(1000);
    await bench.clock.pass(60_000);
    expect([bench.sockets.length, bench.states.length]).toEqual([1, reported]);
  });

  it('disconnects from a server that violates the protocol', async () => {
    const bench = new Bench();
    const socket = await bench.attach();
    socket.sendText('hello');
    expect(bench.client.state).toMatchObject({ state: 'reconnecting', reason: 'text messages are not allowed' });
  });
});
