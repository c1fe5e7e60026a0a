import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentServiceService } from '@webxterm/contracts/grpc';
import { describe, expect, it } from 'vitest';
import {
  flag,
  frame,
  frameType,
  grpcRequest,
  headerBlock,
  messagePart,
  pingFrame,
  RawHttp2,
  setting,
  settingsFrame,
  uint32,
} from '../../services/agent-hub/src/testing/raw-http2.ts';
import { hubAddress, type World } from './world.ts';

const control = grpcRequest(AgentServiceService.stream.path);
/** The most that a flood may send; the hub ends the connection long before. */
const floodBytes = 64 * 1024 * 1024;
const cancel = uint32(8);

const many = (count: number, make: () => Buffer): Buffer => Buffer.concat(Array.from({ length: count }, make));
const headers = (attacker: RawHttp2, block = control): Buffer =>
  frame(frameType.headers, flag.endHeaders, attacker.nextStream(), block);

/** Floods by one connection that proves nothing. Each sends until the hub has ended the connection. */
const floods: Readonly<Record<string, (attacker: RawHttp2) => Promise<unknown>>> = {
  'HEADERS and RST_STREAM': (attacker) =>
    attacker.floodWith(
      () =>
        many(200, () => {
          const id = attacker.nextStream();
          const reset = frame(frameType.rstStream, 0, id, cancel);
          return Buffer.concat([frame(frameType.headers, flag.endHeaders, id, control), reset]);
        }),
      floodBytes,
    ),
  HEADERS: (attacker) => attacker.floodWith(() => many(200, () => headers(attacker)), floodBytes),
  CONTINUATION: (attacker) => {
    attacker.send(frame(frameType.headers, 0, attacker.nextStream(), control));
    return attacker.flood(frame(frameType.continuation, 0, 1, headerBlock({ a: 'b' })), floodBytes);
  },
  'header blocks that unpack to a thousand times their size': (attacker) => {
    const entry = Buffer.concat([control, headerBlock({ x: 'y'.repeat(4000) }, true)]);
    attacker.send(headers(attacker, entry));
    const bomb = Buffer.concat([control, Buffer.alloc(15_000, 0xbe)]);
    return attacker.floodWith(() => headers(attacker, bomb), floodBytes);
  },
  PING: (attacker) => attacker.flood(pingFrame, floodBytes),
  SETTINGS: (attacker) => attacker.flood(settingsFrame([[setting.initialWindowSize, 65_535]]), floodBytes),
  PRIORITY: (attacker) =>
    attacker.floodWith(
      () => many(2000, () => frame(frameType.priority, 0, attacker.nextStream(), Buffer.from([0, 0, 0, 0, 15]))),
      floodBytes,
    ),
  WINDOW_UPDATE: (attacker) => attacker.flood(frame(frameType.windowUpdate, 0, 0, uint32(1)), floodBytes),
  'frames of a kind that nobody knows': (attacker) => attacker.flood(frame(0xbb, 0, 0), floodBytes),
  'DATA without a byte': (attacker) => attacker.flood(frame(frameType.data, 0, attacker.request(control)), floodBytes),
  'DATA of one byte each': (attacker) => {
    const id = attacker.request(control);
    attacker.data(id, messagePart(1_000_000));
    return attacker.flood(frame(frameType.data, 0, id, Buffer.from([1])), floodBytes);
  },
  'unfinished messages of 1 MiB on 1,200 streams': async (attacker) => {
    for (let index = 0; index < 1200 && attacker.isOpen; index += 1) {
      const id = attacker.request(control);
      attacker.data(id, messagePart(1_000_000, Buffer.alloc(16_000)));
      await attacker.floodWith(() => frame(frameType.data, 0, id, Buffer.alloc(16_000)), 900_000);
    }
  },
  'bytes that are no HTTP/2': (attacker) => attacker.flood(Buffer.from('GET / HTTP/1.1\r\n\r\n'), floodBytes),
};

/** Connections that ask for nothing much, and stay. */
const idlers: Readonly<Record<string, (attacker: RawHttp2) => void>> = {
  'that open no stream': () => undefined,
  'that take no byte of the challenge': (attacker) => void attacker.request(control),
  'that begin a hello and go no further': (attacker) => {
    attacker.data(attacker.request(control), messagePart(5000, Buffer.alloc(100)));
  },
};

const pidOf = ({ stack }: World, name: string): number =>
  stack.processes().find((process) => process.name === name)?.pid ?? 0;

const rssOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** How often the agent of the tests has lost its link, as its hub logged it. */
const lostLinks = ({ stack, agentId }: World): number =>
  readFileSync(join(stack.dataDir, 'logs', 'agent-hub-1.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('agent link ended') && line.includes(agentId)).length;

/** Tries to connect, floods, and again, until the hub lets this address in no more. @returns floods that came as far as HTTP/2 */
const floodAgain = async (address: string, from: string, tries: number): Promise<number> => {
  let taken = 0;
  for (let count = 0; count < tries; count += 1) {
    const attacker = await RawHttp2.open(address, { from });
    await floods['HEADERS and RST_STREAM']?.(attacker);
    await attacker.closed;
    if (attacker.frames.length > 0) taken += 1;
  }
  return taken;
};

export const attackAgentPort = (world: () => World): void => {
  describe('the port of the agents, attacked without credentials', () => {
    it('ends each flood without using memory for it, and no agent loses its link', async () => {
      const address = await hubAddress(world());
      const { session } = world();
      const hub = pidOf(world(), 'agent-hub-1');
      const [before, lost] = [rssOf(hub), lostLinks(world())];
      const waiting = await Promise.all(
        Object.values(idlers).flatMap((idle) =>
          Array.from({ length: 50 }, async () => {
            const attacker = await RawHttp2.open(address, {
              from: '127.0.0.20',
              settings: [[setting.initialWindowSize, 0]],
            });
            idle(attacker);
            return attacker.closed;
          }),
        ),
      );
      for (const [index, [name, flood]] of Object.entries(floods).entries()) {
        const attacker = await RawHttp2.open(address, { from: `127.0.0.${30 + index}` });
        await flood(attacker);
        await Promise.race([attacker.closed, session.run(`echo beside ${index}`).then(() => attacker.closed)]);
        expect(attacker.isOpen, name).toBe(false);
      }
      await Promise.all(waiting);
      await session.run('echo through it all');
      expect(lostLinks(world())).toBe(lost);
      // Kilobytes. Seen without bounds: 900 MB.
      expect(rssOf(hub) - before).toBeLessThan(64 * 1024);
    }, 120_000);

    it('blocks an address that floods repeatedly, and no other address', async () => {
      const address = await hubAddress(world());
      // A breach is 200 strikes of 2,000, and one a second is forgiven.
      const started = performance.now();
      const taken = await floodAgain(address, '127.0.0.60', 60);
      expect(taken).toBeLessThanOrEqual(11 + (performance.now() - started) / 1000);
      const elsewhere = await RawHttp2.open(address, { from: '127.0.0.61' });
      elsewhere.request(control);
      await elsewhere.received(({ type }) => type === frameType.data);
      elsewhere.close();
    });
  });
};
