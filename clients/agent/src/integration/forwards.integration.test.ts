import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type DownFrame, decodeDown } from '@webxterm/contracts/frames';
import { unwrapFrame } from '@webxterm/contracts/grpc';
import { TcpMessageReader, type TcpPart, tcpData, tcpEnd } from '@webxterm/contracts/tcp-messages';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { AllowedTargets } from '../forwards/allowed-targets.ts';
import { connectTarget } from '../forwards/connect-target.ts';
import { NameLookups } from '../forwards/name-lookups.ts';
import { tcpKind } from '../forwards/tcp-kind.ts';
import { Sessions } from '../session/sessions.ts';
import { startTestAgent } from './test-agent.ts';
import { openStreamOf, type TestHub } from './test-hub.ts';
import { TestViewer } from './test-viewer.ts';

let hub: TestHub;
let stop: () => Promise<void>;
const servers: Server[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  ({ hub, stop } = await startTestAgent());
}, 60_000);

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

afterAll(async () => {
  await stop?.();
});

/** A server that gives each connection to the test. @returns its target */
const serve = async (accept: (socket: Socket) => void): Promise<string> => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    accept(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** A connection through the agent, as a viewer has it. */
class Forward {
  readonly viewer = new TestViewer(hub);
  readonly #reader = new TcpMessageReader();
  readonly #parts: TcpPart[] = [];
  #target = '';

  async open(target: string): Promise<this> {
    this.#target = target;
    expect(await this.attach({ create: true })).toMatchObject({ type: 'accepted', created: true, cols: 0, rows: 0 });
    return this;
  }

  async attach(more: { create?: boolean; target?: string }): Promise<DownFrame> {
    const first = await this.viewer.attach({ kind: 'tcp', target: this.#target, ...more });
    // As every viewer does.
    if (first.type === 'accepted') this.viewer.ack();
    return first;
  }

  send(bytes: string | Uint8Array): this {
    this.viewer.type(Buffer.concat(tcpData(Buffer.from(bytes))));
    return this;
  }

  end(): this {
    this.viewer.type(Buffer.from(tcpEnd()));
    return this;
  }

  get parts(): readonly TcpPart[] {
    this.#parts.push(...this.#reader.push(Buffer.from(this.viewer.text, 'latin1')));
    this.viewer.clear();
    return this.#parts;
  }

  get text(): string {
    return Buffer.concat(this.parts.flatMap((part) => (part.type === 'data' ? [part.bytes] : []))).toString('latin1');
  }

  until(test: (forward: this) => boolean): Promise<void> {
    return this.viewer.until(() => test(this));
  }

  has(type: TcpPart['type']): Promise<void> {
    return this.until(({ parts }) => parts.some((part) => part.type === type));
  }
}

it('carries bytes both ways, with the end of each direction in both orders', async () => {
  const target = await serve((socket) => socket.pipe(socket));
  const first = await new Forward().open(target);
  const sent = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), randomBytes(1_000_000)]);
  first.send(sent).end();
  expect(await first.viewer.frame('ended')).toMatchObject({ cause: 'shell_exit', exitCode: 0 });
  expect(createHash('sha256').update(Buffer.from(first.text, 'latin1')).digest('hex')).toBe(
    createHash('sha256').update(sent).digest('hex'),
  );
  expect(first.parts.at(-1)).toEqual({ type: 'end' });

  // The peer ends first, and still reads.
  const read: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  const other = await serve((socket) => {
    socket.end('bye');
    socket.on('data', (bytes) => read.push(bytes));
    socket.on('end', () => ended.resolve());
  });
  const second = await new Forward().open(other);
  await second.has('end');
  expect(second.text).toBe('bye');
  second.send('still here').end();
  await ended.promise;
  expect(Buffer.concat(read).toString()).toBe('still here');
  expect(await second.viewer.frame('ended')).toMatchObject({ exitCode: 0 });
});

it('reports a reset of the peer after what came before it, and resets the peer when the viewer leaves', async () => {
  const target = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const forward = await new Forward().open(target);
  forward.send('x');
  expect(await forward.viewer.frame('ended')).toMatchObject({ exitCode: 1 });
  expect(forward.parts).toEqual([{ type: 'reset', reason: 'ECONNRESET' }]);

  const failed = Promise.withResolvers<unknown>();
  const left = await new Forward().open(
    await serve((socket) => {
      socket.resume();
      socket.once('error', (error: NodeJS.ErrnoException) => failed.resolve(error.code));
    }),
  );
  left.viewer.send({ type: 'detach', reason: 'left' });
  expect(await failed.promise).toBe('ECONNRESET');
});

it('refuses by name a port that nobody listens on, a target that is not allowed, and what is no target', async () => {
  const closed = createServer();
  closed.listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const nobody = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  await once(closed, 'close');
  const refusal = (target: string) => new TestViewer(hub).attach({ kind: 'tcp', target, create: true });
  expect(await refusal(nobody)).toEqual({
    type: 'refused',
    code: 'forward_failed',
    message: `The machine could not connect to ${nobody}: nothing listens there.`,
  });
  // 2852039166 is 169.254.169.254 for getaddrinfo.
  for (const target of ['169.254.169.254:80', '2852039166:80', '[::ffff:169.254.169.254]:80', '203.0.113.7:80'])
    expect([target, await refusal(target)]).toEqual([
      target,
      expect.objectContaining({
        code: 'forward_refused',
        message: expect.stringContaining('forward_to in agent.yaml'),
      }),
    ]);
  for (const target of ['', 'host', '127.0.0.1:0', '127.0.0.1:99999', 'a b:80'])
    expect([target, await refusal(target)]).toEqual([target, expect.objectContaining({ code: 'forward_refused' })]);
});

it('connects to the addresses that were checked, of a name that resolves to others as well', async () => {
  const target = await serve((socket) => socket.end());
  const { port } = new URL(`tcp://${target}`);
  const asked: string[] = [];
  const resolve = async (host: string): Promise<string[]> => {
    asked.push(host);
    return ['169.254.169.254', '203.0.113.7', '127.0.0.1'];
  };
  const socket = await connectTarget(`rebinds.example:${port}`, new AllowedTargets(['rebinds.example']), (host) =>
    resolve(host).then(([first = '', , last = '']) => [first, last]),
  );
  expect([socket.remoteAddress, asked]).toEqual(['127.0.0.1', ['rebinds.example']]);
  socket.destroy();
  const onlyLinkLocal = connectTarget(
    'meta.example:80',
    new AllowedTargets(['meta.example', '0.0.0.0/0']),
    async () => ['169.254.169.254', '::ffff:169.254.169.254'],
  );
  await expect(onlyLinkLocal).rejects.toMatchObject({ code: 'forward_refused' });
});

it('continues after a cut with no byte lost or doubled, also while the viewer is away, and keeps its target', async () => {
  const received: Buffer[] = [];
  const got = Promise.withResolvers<void>();
  const lines = Buffer.from(Array.from({ length: 100_000 }, (_, line) => `${line}\n`).join(''));
  const target = await serve((socket) => {
    socket.on('data', (bytes) => received.push(bytes));
    socket.on('end', () => got.resolve());
    socket.end(lines);
  });
  const forward = await new Forward().open(target);
  forward.send(lines).end();
  for (let cut = 1; cut <= 5; cut += 1) {
    await forward.until(({ viewer }) => viewer.offset > (cut * lines.length) / 8);
    expect(await forward.attach({})).toMatchObject({ type: 'accepted', created: false, offset: forward.viewer.offset });
  }
  const other = await forward.attach({ target: '127.0.0.1:1' });
  expect(other).toMatchObject({ type: 'refused', code: 'invalid_input', message: 'This session has another target.' });
  await forward.attach({});
  await forward.viewer.frame('ended');
  await got.promise;
  expect(forward.viewer.frames.filter(({ type }) => type === 'gap')).toEqual([]);
  expect(forward.text === lines.toString()).toBe(true);
  expect(Buffer.concat(received).equals(lines)).toBe(true);
});

it('makes a peer wait for a viewer that takes nothing, and a viewer for a peer that reads nothing, with bounded bytes', async () => {
  const total = 20_000_000;
  let peer: Socket | undefined;
  const floods = await new Forward().open(
    await serve((socket) => {
      peer = socket;
      socket.end(Buffer.alloc(total));
    }),
  );
  floods.viewer.acks = false;
  floods.viewer.startHash();
  await floods.viewer.roundTrips(50);
  // The first limit of the protocol and the ring bound what comes without an ack.
  expect(floods.viewer.offset).toBeLessThanOrEqual(256 * 1024);
  expect(peer?.writableLength).toBeGreaterThan(0);
  floods.viewer.acks = true;
  floods.viewer.ack();
  floods.end();
  await floods.viewer.frame('ended');
  expect(floods.viewer.hashed).toBeGreaterThan(total);
  expect(floods.viewer.frames.filter(({ type }) => type === 'gap')).toEqual([]);

  let silent: Socket | undefined;
  const fills = await new Forward().open(
    await serve((socket) => {
      silent = socket;
      socket.pause();
    }),
  );
  fills.send(Buffer.alloc(total));
  await fills.viewer.roundTrips(50);
  const { applied } = fills.viewer;
  expect(applied).toBeLessThan(total);
  let bytes = 0;
  silent?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  silent?.resume();
  fills.end();
  silent?.once('end', () => silent?.end());
  await fills.viewer.frame('ended');
  expect(bytes).toBe(total);
});

it('ends with a reason when the viewer sends what is no message', async () => {
  const forward = await new Forward().open(await serve((socket) => socket.resume()));
  forward.viewer.type(Buffer.from('090000', 'hex'));
  expect(await forward.viewer.frame('ended')).toMatchObject({ exitCode: 1 });
  expect(forward.parts).toEqual([{ type: 'reset', reason: 'EPROTO' }]);
});

it('is handed over to another version of the agent, which reports its end after the output that was not read', async () => {
  const target = await serve((socket) => socket.write('last words'));
  const options = {
    kinds: [tcpKind(new AllowedTargets([]), new NameLookups())],
    maxSessions: 1,
    ringSize: 1024 * 1024,
    detachedMs: 60_000,
    log: pino({ level: 'silent' }),
    now: () => performance.now(),
    onEnded: () => undefined,
  };
  const open = openStreamOf({
    kind: 'tcp',
    target,
    sessionId: randomBytes(16),
    viewerId: randomBytes(16),
    create: true,
  });
  /** The frames of an attachment, until one of this type. */
  const attach = (sessions: Sessions, create: boolean, last: DownFrame['type']): Promise<DownFrame[]> =>
    new Promise((resolve) => {
      const frames: DownFrame[] = [];
      const send = (message: Buffer, sent: () => void): void => {
        const frame = unwrapFrame(message);
        if (frame !== undefined) frames.push(decodeDown(frame));
        sent();
        if (frames.at(-1)?.type === last) resolve(frames);
      };
      void sessions.attach({ ...open, create }, { send, finish: () => undefined });
    });
  const before = new Sessions(options);
  await attach(before, true, 'output');
  before.freeze(true);
  expect(before.canBeHandedOver).toBe(true);
  const after = new Sessions(options);
  after.adopt(before.handOver(await before.snapshots()));
  const frames = await attach(after, false, 'ended');
  const output = frames.flatMap((frame) => (frame.type === 'output' ? [frame.payload] : []));
  expect(frames.at(-1)).toMatchObject({ type: 'ended', exitCode: 1 });
  const [data, reset] = new TcpMessageReader().push(Buffer.concat(output));
  expect(Buffer.from(data?.type === 'data' ? data.bytes : []).toString()).toBe('last words');
  expect(reset).toEqual({ type: 'reset', reason: 'the agent was updated' });
});

it('has 500 asked for at once: 256 of a user are connected, the others are refused by name, and terminals still open', async () => {
  const target = await serve((socket) => socket.resume());
  const viewers = Array.from({ length: 500 }, () => new TestViewer(hub));
  const answers = await Promise.all(viewers.map((viewer) => viewer.attach({ kind: 'tcp', target, create: true })));
  const refused = answers.filter(({ type }) => type === 'refused');
  expect([answers.length - refused.length, new Set(refused.map((frame) => JSON.stringify(frame))).size]).toEqual([
    256, 1,
  ]);
  expect(refused[0]).toEqual({
    type: 'refused',
    code: 'too_many_sessions',
    message: 'This machine already has 256 forwarded connections of yours. Wait for one to end.',
  });
  const shell = new TestViewer(hub);
  expect(await shell.attach({ create: true })).toMatchObject({ type: 'accepted' });
  shell.send({ type: 'detach', reason: 'left' });
  for (const viewer of viewers) viewer.send({ type: 'detach', reason: 'left' });
});
