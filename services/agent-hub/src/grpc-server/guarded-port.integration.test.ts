import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  type AgentMessage,
  AgentServiceService,
  HubServiceService,
  metadataKey,
  rawHubAttach,
  type ServerMessage,
} from '@webxterm/contracts/grpc';
import { createLogger } from '@webxterm/shared';
import { afterEach, describe, expect, it } from 'vitest';
import { agentPort } from '../agent-links/agent-port.ts';
import { agentServiceDefinition } from '../agent-links/agent-service.ts';
import { hubServiceDefinition } from '../attachments/grpc.ts';
import { internalPort } from '../attachments/internal-port.ts';
import {
  flag,
  frame,
  frameType,
  grpcRequest,
  messagePart,
  pingFrame,
  RawHttp2,
  type Received,
  uint32,
} from '../testing/raw-http2.ts';
import { GuardedPort } from './guarded-port.ts';
import { createGrpcServer, credentialsFor } from './server.ts';

type Control = ServerDuplexStream<AgentMessage, ServerMessage>;

const token = 't'.repeat(43);
const logger = createLogger({ service: 'agent-hub', level: 'silent' });
const control = grpcRequest(AgentServiceService.stream.path);
const attach = grpcRequest(AgentServiceService.attach.path);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A clock that begins at 0: after its first minute a port logs what it has counted, and counts from 0 again. */
const newClock = (): (() => number) => {
  const start = performance.now();
  return () => performance.now() - start;
};

/** A gRPC server behind the rules of one of the hub's ports. It counts the calls that reach it. */
const listen = async (kind: 'agents' | 'internal', now = newClock()) => {
  let calls = 0;
  const server = createGrpcServer();
  const rules =
    kind === 'agents'
      ? agentPort({ awaits: () => false })
      : internalPort({ hubToken: token, certificateNeeded: false });
  const guarded = new GuardedPort(rules, logger, now);
  const serve = (call: Control): void => {
    calls += 1;
    // Any first message counts as the hello of an agent here.
    call.on('data', ({ message }: AgentMessage) => {
      if (message?.$case === 'hello') guarded.prove(call.getPeer());
      else call.end();
    });
    call.write({ message: { $case: 'pong', value: { nonce: 1n } } });
  };
  const implementation: UntypedServiceImplementation = {
    stream: serve,
    attach: (call: ServerDuplexStream<Buffer, Buffer>) => {
      calls += 1;
      call.end();
    },
    endSession: () => undefined,
    resizeSession: () => undefined,
  };
  server.addService(kind === 'agents' ? agentServiceDefinition : hubServiceDefinition, implementation);
  const port = await guarded.listen(server, { host: '127.0.0.1', port: 0, setting: 'GRPC' }, credentialsFor(undefined));
  ends.push(() => guarded.shutDown(0));
  return { guarded, address: `127.0.0.1:${port}`, calls: () => calls };
};

const open = async (address: string): Promise<RawHttp2> => {
  const peer = await RawHttp2.open(address);
  ends.push(() => peer.close());
  return peer;
};

const message = (value: AgentMessage['message']): Buffer => {
  const bytes = Buffer.from(AgentServiceService.stream.requestSerialize({ message: value }));
  return messagePart(bytes.length, bytes);
};
const ping = message({ $case: 'ping', value: { nonce: 1n } });
const hello = message({
  $case: 'hello',
  value: {
    protocolMin: 1,
    protocolMax: 1,
    capabilities: [],
    instanceId: Buffer.alloc(16),
    generation: 1n,
    publicKey: Buffer.alloc(32),
    signature: Buffer.alloc(64),
    channelBinding: Buffer.alloc(0),
    credential: undefined,
    facts: undefined,
    registerOnly: false,
    fallbackMachineCredential: '',
    leaving: false,
    update: undefined,
    packaging: '',
  },
});

const reset = (id: number) => (received: Received) => received.type === frameType.rstStream && received.streamId === id;
/** Status and reset of a stream, in order of arrival. */
const endOf = async (peer: RawHttp2, id: number): Promise<{ closedBefore: boolean; code: number }> => {
  const end = await peer.received(reset(id));
  const before = peer.frames.slice(0, end === undefined ? 0 : peer.frames.indexOf(end));
  const closedBefore = before.some(
    ({ type, flags, streamId }) => type === frameType.headers && streamId === id && (flags & flag.endStream) !== 0,
  );
  return { closedBefore, code: end?.payload.readUInt32BE() ?? -1 };
};

const headersAndReset = (peer: RawHttp2, block: Buffer, count: number): Buffer =>
  Buffer.concat(
    Array.from({ length: count }, () => {
      const id = peer.nextStream();
      return Buffer.concat([
        frame(frameType.headers, flag.endHeaders, id, block),
        frame(frameType.rstStream, 0, id, uint32(8)),
      ]);
    }),
  );

describe('an unproven connection to the port of the agents', () => {
  it('may open its control stream and no other: other streams are refused and freed before anything is allocated', async () => {
    const { address, calls } = await listen('agents');
    const peer = await open(address);
    for (const block of [attach, grpcRequest('/vsay.agent.v1.AgentService/Nothing')])
      expect(await endOf(peer, peer.request(block))).toEqual({ closedBefore: true, code: 0 });
    expect(calls()).toBe(0);
    const compressed = grpcRequest(AgentServiceService.stream.path, { 'grpc-encoding': 'gzip' });
    expect(await endOf(peer, peer.request(compressed))).toEqual({ closedBefore: true, code: 0 });
    peer.request(control);
    await peer.received(({ type }) => type === frameType.data);
    expect(calls()).toBe(1);
  });

  it('opens at most four streams, also after resets', async () => {
    const { address, calls, guarded } = await listen('agents');
    const peer = await open(address);
    peer.send(headersAndReset(peer, control, 500));
    await peer.closed;
    expect(calls()).toBeLessThanOrEqual(4);
    expect(guarded.ended.get('streams')).toBe(1);
  });

  it('sends a message of at most 32 KiB, and 64 KiB in all', async () => {
    const { address, guarded } = await listen('agents');
    const peer = await open(address);
    const id = peer.request(control);
    peer.data(id, messagePart(1_000_000));
    await peer.floodWith(() => frame(frameType.data, 0, id, Buffer.alloc(8000)), 60_000);
    await peer.closed;
    const other = await open(address);
    await other.flood(frame(frameType.windowUpdate, 0, 0, uint32(1)), 200_000);
    await other.closed;
    expect(guarded.ended.get('bytes')).toBe(2);
  });

  it('has 5 s to open a stream and 20 s to prove its identity', async () => {
    let clock = 0;
    const { address, guarded } = await listen('agents', () => clock);
    const [silent, slow, greeted] = [await open(address), await open(address), await open(address)];
    const started = (peer: RawHttp2): Promise<unknown> => {
      peer.request(control);
      return peer.received(({ type }) => type === frameType.data);
    };
    await started(slow);
    await started(greeted);
    greeted.data(1, hello);
    await greeted.received(
      ({ type, flags, payload }) => type === frameType.settings && flags === 0 && payload.length === 12,
    );
    expect(guarded.unproven).toBe(2);
    clock = 5001;
    await silent.closed;
    expect(slow.isOpen).toBe(true);
    clock = 20_001;
    await slow.closed;
    expect(guarded.unproven).toBe(0);
    expect(greeted.isOpen).toBe(true);
  });

  it('is answered and then freed, also if it never ends its half', async () => {
    const { address } = await listen('agents');
    const peer = await open(address);
    const id = peer.request(control);
    peer.data(id, ping);
    expect(await endOf(peer, id)).toEqual({ closedBefore: true, code: 0 });
  });
});

describe('a proven connection to the port of the agents', () => {
  it('may open the expected streams; others are refused before anything is allocated', async () => {
    const { address, calls } = await listen('agents');
    const peer = await open(address);
    peer.data(peer.request(control), hello);
    await peer.received(
      ({ type, flags, payload }) => type === frameType.settings && flags === 0 && payload.length === 12,
    );
    for (let count = 0; count < 20; count += 1)
      expect(await endOf(peer, peer.request(attach))).toEqual({ closedBefore: true, code: 0 });
    expect(calls()).toBe(1);
  });

  it('is ended if it repeatedly opens unexpected streams', async () => {
    const { address, calls, guarded } = await listen('agents');
    const peer = await open(address);
    peer.data(peer.request(control), hello);
    await peer.received(
      ({ type, flags, payload }) => type === frameType.settings && flags === 0 && payload.length === 12,
    );
    for (let count = 0; count < 2000 && peer.isOpen; count += 1) peer.request(attach);
    await peer.closed;
    expect(calls()).toBe(1);
    expect(guarded.ended.get('refused')).toBe(1);
  });

  it('is ended if it pings or resets streams more than an agent does', async () => {
    const { address, guarded } = await listen('agents');
    for (const flood of [
      (peer: RawHttp2) => peer.flood(frame(frameType.ping, 0, 0, Buffer.alloc(8)), 1_000_000),
      (peer: RawHttp2) => peer.floodWith(() => headersAndReset(peer, attach, 200), 2_000_000),
    ]) {
      const peer = await open(address);
      peer.data(peer.request(control), hello);
      await peer.received(
        ({ type, flags, payload }) => type === frameType.settings && flags === 0 && payload.length === 12,
      );
      await flood(peer);
      await peer.closed;
    }
    expect(guarded.unproven).toBe(0);
  });
});

describe('the internal port', () => {
  it('reads no byte of a call without the token: it is refused by its headers, and the fifth ends the connection', async () => {
    const { address, calls, guarded } = await listen('internal');
    const peer = await open(address);
    for (const { path } of [HubServiceService.endSession, HubServiceService.resizeSession, rawHubAttach]) {
      const id = peer.request(grpcRequest(path, { [metadataKey.hubToken]: 'x'.repeat(43) }));
      peer.data(id, messagePart(1_000_000, Buffer.alloc(1000)));
      expect(await endOf(peer, id)).toEqual({ closedBefore: true, code: 0 });
    }
    for (let count = 0; count < 2; count += 1) peer.request(grpcRequest(rawHubAttach.path));
    await peer.closed;
    expect(calls()).toBe(0);
    expect(guarded.ended.get('streams')).toBe(1);
  });

  it('accepts at most 64 connections without the token, and further ones after they are closed', async () => {
    const { address, guarded } = await listen('internal');
    const crowd = await Promise.all(Array.from({ length: 64 }, () => open(address)));
    const beyond = await open(address);
    await beyond.closed;
    expect(guarded.ended.get('total')).toBe(1);
    for (const peer of crowd) peer.close();
    await expect.poll(() => guarded.unproven).toBe(0);
    const later = await open(address);
    expect(await later.received(({ type }) => type === frameType.settings)).toBeDefined();
  });

  it('lets the terminal service reset thousands of streams at once', async () => {
    const { address } = await listen('internal');
    const peer = await open(address);
    const genuine = grpcRequest(rawHubAttach.path, { [metadataKey.hubToken]: token });
    peer.send(headersAndReset(peer, genuine, 3000));
    expect(await endOf(peer, peer.request(genuine))).toEqual({ closedBefore: true, code: 0 });
    expect(peer.isOpen).toBe(true);
  });
});

describe.each([
  ['agents', control],
  ['internal', grpcRequest(HubServiceService.endSession.path, { [metadataKey.hubToken]: token })],
] as const)('the port %s', (kind, block) => {
  it('outlives streams that their peer resets before they are answered, with any code', async () => {
    const { address } = await listen(kind);
    for (const code of [0, 8])
      for (const flags of [0, flag.endStream]) {
        const peer = await open(address);
        const together = peer.nextStream();
        peer.send(
          frame(frameType.headers, flag.endHeaders | flags, together, block),
          frame(frameType.rstStream, 0, together, uint32(code)),
        );
        const later = peer.request(block, flags);
        peer.send(pingFrame);
        await peer.received(({ type }) => type === frameType.ping);
        peer.send(frame(frameType.rstStream, 0, later, uint32(code)), pingFrame);
        await expect.poll(() => peer.frames.filter(({ type }) => type === frameType.ping).length).toBe(2);
      }
  });
});
