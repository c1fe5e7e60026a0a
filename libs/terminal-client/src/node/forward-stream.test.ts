import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { UpFrame } from '@webxterm/contracts/frames';
import { TcpMessageReader, tcpData, tcpEnd, tcpReset } from '@webxterm/contracts/tcp-messages';
import { afterEach, expect, it, vi } from 'vitest';
import { TerminalClient } from '../terminal-client.ts';
import { TestSocket } from '../testing/fake-server.ts';
import { ForwardStream } from './forward-stream.ts';

/** A machine that takes input at once, and sends output as far as the client allows. */
class Machine extends TestSocket {
  readonly #reader = new TcpMessageReader();
  readonly #output: Buffer;
  #sent = 0;
  #limit = 0;
  applied = 0;
  /** Bytes of the connection that were received. */
  received = 0;
  ended = false;

  constructor(url: string, output: Buffer) {
    super(url);
    this.#output = output;
    setImmediate(() => this.open());
  }

  override send(message: Uint8Array<ArrayBuffer>): void {
    super.send(message);
    const frame = this.sent.pop();
    if (frame !== undefined) setImmediate(() => this.#act(frame));
  }

  #act(frame: UpFrame): void {
    if (frame.type === 'attach') {
      const none = { offset: 0, head: 0, liveFrom: 0, inputApplied: 0, cols: 0, rows: 0 };
      this.sendFrame({ type: 'accepted', created: true, driver: true, inputLimit: 256 * 1024, ...none });
    } else if (frame.type === 'input') this.#take(frame.payload);
    else if (frame.type === 'limit') {
      this.#limit = frame.limit;
      this.#pump();
    }
  }

  #take(bytes: Uint8Array): void {
    this.applied += bytes.length;
    for (const part of this.#reader.push(bytes)) {
      if (part.type === 'data') this.received += part.bytes.length;
      else this.ended = true;
    }
    this.sendFrame({ type: 'input_ack', applied: this.applied, limit: this.applied + 256 * 1024 });
  }

  #pump(): void {
    while (this.#sent < Math.min(this.#limit, this.#output.length)) {
      const payload = this.#output.subarray(this.#sent, Math.min(this.#sent + 16 * 1024, this.#limit));
      this.sendFrame({ type: 'output', offset: this.#sent, payload: Uint8Array.from(payload) });
      this.#sent += payload.length;
    }
  }
}

const streams: ForwardStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.destroy();
});

const forward = (output = Buffer.alloc(0)) => {
  const machines: Machine[] = [];
  const stream = new ForwardStream({
    url: 'https://term.example.org/',
    agentId: 'ag_1',
    host: '::1',
    port: 80,
    token: async () => 'token',
    openSocket: (url) => {
      const machine = new Machine(url, output);
      machines.push(machine);
      return machine;
    },
  });
  streams.push(stream);
  return { stream, machines };
};

it('connects to the path of its target, with a session of its own', async () => {
  const { stream, machines } = forward();
  await once(stream, 'connect');
  expect(machines[0]?.url).toMatch(
    /^wss:\/\/term\.example\.org\/api\/terminal\/ag_1\/tcp\?host=%3A%3A1&port=80&session_id=[\w-]{22}$/,
  );
});

it('sends a large chunk whole, with its end, and never gives the client more than it can queue', async () => {
  const typed = vi.spyOn(TerminalClient.prototype, 'type');
  const size = 3 * 1024 * 1024;
  const { stream, machines } = forward();
  stream.end(Buffer.alloc(size));
  // Nothing is taken before the connection: the first part waits for that.
  expect(typed.mock.calls.reduce((sum, [bytes]) => sum + bytes.length, 0)).toBeLessThan(512 * 1024);
  await once(stream, 'finish');
  typed.mockRestore();
  expect([machines[0]?.received, machines[0]?.ended]).toEqual([size, true]);
});

it('passes on all output to a reader that is slower than the machine, over one connection', async () => {
  const size = 20 * 1024 * 1024;
  const { stream, machines } = forward(Buffer.concat([...tcpData(Buffer.alloc(size)), tcpEnd()]));
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    await turn();
  }
  expect([bytes, machines.length]).toEqual([size, 1]);
});

it('fails with the reason of a reset, after the bytes before it', async () => {
  const { stream } = forward(Buffer.concat([...tcpData(Buffer.from('before')), tcpReset('ECONNRESET')]));
  const data = once(stream, 'data');
  const failed = new Promise((resolve) => stream.once('error', resolve));
  expect(String((await data)[0])).toBe('before');
  expect(await failed).toMatchObject({
    code: 'ECONNRESET',
    message: 'The connection on the machine broke: ECONNRESET.',
  });
});

it('fails when the machine sends what is no message', async () => {
  const { stream } = forward(Buffer.from('090000', 'hex'));
  const [error] = await once(stream, 'error').catch((thrown: unknown) => [thrown]);
  expect(error).toMatchObject({ name: 'ForwardError', code: 'internal' });
});
