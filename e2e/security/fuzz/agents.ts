import { connect, createServer, type Server } from 'node:net';
import { Client, credentials, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { AgentMessage, AgentServiceService, type Hello, metadataKey } from '@webxterm/contracts/grpc';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubAddress, type World } from '../world.ts';
import { junk } from './from-schema.ts';

const cases = 1000;
const batch = 250;

const buffer = (maxLength: number): Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));
const words = fc
  .oneof(
    fc.string({ maxLength: 300 }),
    junk.map((value) => JSON.stringify(value)),
  )
  .map((text) => text.toWellFormed());
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.nat(0xffff_ffff);

const credential: Arbitrary<Hello['credential']> = fc.oneof(
  words.map((value) => ({ $case: 'apiKey' as const, value })),
  words.map((value) => ({ $case: 'machineCredential' as const, value: `wxt_mc_${value}` })),
  words.map((value) => ({ $case: 'linkPass' as const, value: `wxt_lp_${value}` })),
  fc.constant({ $case: 'apiKey' as const, value: `vsay_ak_${'a'.repeat(32)}` }),
  fc.constant(undefined),
);

const hello: Arbitrary<AgentMessage> = fc
  .record({
    protocolMin: fc.oneof(fc.constant(1), u32),
    protocolMax: fc.oneof(fc.constant(1), u32),
    capabilities: fc.array(words, { maxLength: 5 }),
    instanceId: fc.oneof(
      fc.uint8Array({ minLength: 16, maxLength: 16 }).map((id) => Buffer.from(id)),
      buffer(40),
    ),
    generation: u64,
    publicKey: fc.oneof(
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Buffer.from(key)),
      buffer(40),
    ),
    signature: fc.oneof(
      fc.uint8Array({ minLength: 64, maxLength: 64 }).map((made) => Buffer.from(made)),
      buffer(80),
    ),
    channelBinding: fc.oneof(fc.constant(Buffer.alloc(0)), buffer(40)),
    credential,
    facts: fc.constant(undefined),
    registerOnly: fc.boolean(),
    fallbackMachineCredential: words,
    leaving: fc.boolean(),
    packaging: fc.oneof(fc.constant('image'), words),
    update: fc.option(fc.record({ sequence: u64, onTrial: fc.boolean(), failedVersion: words, failedReason: words }), {
      nil: undefined,
    }),
  })
  .map((value) => ({ message: { $case: 'hello', value } }));

const messages: Arbitrary<Buffer> = fc.oneof(
  { weight: 3, arbitrary: hello.map((message) => Buffer.from(AgentMessage.encode(message).finish())) },
  { weight: 1, arbitrary: buffer(2000) },
  {
    weight: 2,
    arbitrary: fc.tuple(hello, fc.nat(), fc.nat(255)).map(([message, at, value]) => {
      const bytes = Buffer.from(AgentMessage.encode(message).finish());
      bytes[at % bytes.length] = value;
      return bytes;
    }),
  },
);

const calls = fc.record({
  rpc: fc.constantFrom(
    AgentServiceService.stream.path,
    AgentServiceService.stream.path,
    AgentServiceService.attach.path,
    '/vsay.agent.v1.AgentService/Nothing',
    '/webxterm.hub.v1.HubService/Attach',
  ),
  said: fc.array(messages, { minLength: 1, maxLength: 4 }),
  linkId: fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
});

/** The caller goes then: gRPC leaves some calls open whose later messages are no protobuf, until the caller goes. */
const goneAfterMs = 3000;

const asIs = (bytes: Buffer): Buffer => bytes;

/** Passes bytes on, from another address of this machine: a hub limits the unauthenticated connections of one address. */
const proxyFrom = (localAddress: string, address: string): Promise<{ server: Server; address: string }> =>
  new Promise((resolve) => {
    const [host, port] = address.split(':');
    const server = createServer((near) => {
      const far = connect({ host, port: Number(port), localAddress });
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => near.destroy());
    }).listen(0, '127.0.0.1', () => {
      const bound = server.address();
      resolve({ server, address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}` });
    });
  });

/** On a connection of its own: one that has not proved who it is has four streams. */
const call = (address: string, { rpc, said, linkId }: { rpc: string; said: Buffer[]; linkId: string }) =>
  new Promise<StatusObject>((resolve) => {
    const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const metadata = new Metadata();
    metadata.set(metadataKey.linkId, linkId);
    metadata.set(metadataKey.attachId, linkId);
    metadata.set(metadataKey.attachSecret, linkId);
    const stream = client.makeBidiStreamRequest(rpc, asIs, asIs, metadata, { deadline: Date.now() + goneAfterMs });
    stream.on('data', () => undefined);
    stream.on('error', () => undefined);
    stream.on('status', (answer: StatusObject) => {
      client.close();
      resolve(answer);
    });
    for (const bytes of said) stream.write(bytes);
    stream.end();
  });

export const fuzzAgents = (world: () => World): void => {
  describe('gRPC of a hostile agent', () => {
    it(`in ${cases} calls reads nothing of the hub, and affects no other machine`, async () => {
      const address = await hubAddress(world());
      const seed = Date.now();
      const drawn = fc.sample(calls, { seed, numRuns: cases });
      const found: string[] = [];
      let answered = 0;
      for (let from = 0; from < cases; from += batch) {
        const proxy = await proxyFrom(`127.0.0.${40 + from / batch}`, address);
        const statuses = await Promise.all(drawn.slice(from, from + batch).map((one) => call(proxy.address, one)));
        proxy.server.close();
        answered += statuses.filter(({ code }) => code !== status.UNAVAILABLE).length;
        for (const [index, { details }] of statuses.entries()) {
          const { rpc, said } = drawn[from + index] ?? { rpc: '', said: [] };
          if (/node_modules|\.ts:\d|Mongo|\$KV/.test(details))
            found.push(`${rpc} ${details} ${said.map((bytes) => bytes.toString('hex'))}`);
        }
      }
      expect(found, `seed ${seed}`).toEqual([]);
      expect(answered, `seed ${seed}`).toBeGreaterThan(0.9 * cases);
      const { agentId, cast } = world();
      const { body } = await cast.owner.rest.get(`/api/machines/${agentId}`);
      expect(body.status).toBe('online');
    });
  });
};
