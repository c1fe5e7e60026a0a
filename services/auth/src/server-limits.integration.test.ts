import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type AuthUnderTest,
  startAuthInstance,
  startTestServers,
  type TestServers,
} from './testing/auth-under-test.ts';
import { type CuttableProxy, startProxy } from './testing/cuttable-proxy.ts';
import { expectRecovered, expectRecovery, recoveryWithin } from './testing/recovery.ts';

let servers: TestServers;
/** The ways of auth to the servers. */
let ways: { mongodb: CuttableProxy; nats: CuttableProxy };
let auth: AuthUnderTest;
let mongod: { host: string; port: number };

beforeAll(async () => {
  servers = await startTestServers();
  // It would dial by itself, and take and free places.
  await servers.database.close();
  const url = new URL(servers.mongoUrl('auth'));
  mongod = { host: url.hostname, port: Number(url.port) };
  ways = { mongodb: await startProxy(url.host), nats: await startProxy(servers.natsUrl) };
  // Without the name of the replica set, whose members are known by their own addresses.
  url.host = ways.mongodb.address;
  url.searchParams.delete('replicaSet');
  url.searchParams.set('directConnection', 'true');
  auth = await startAuthInstance(servers, { MONGO_URL: url.href, NATS_URL: ways.nats.address });
});

afterAll(async () => {
  await auth.stop();
  await Promise.all([ways.mongodb.close(), ways.nats.close()]);
  await servers.stop();
});

/** Sets the limit of open files of a process. @returns sets it back */
const limitFiles = (pid: number | undefined, files: number): (() => void) => {
  const limit = (...args: string[]): string =>
    execFileSync('prlimit', ['--pid', String(pid), ...args], { encoding: 'utf8' });
  const before = limit('--nofile', '--output', 'SOFT', '--noheadings').trim();
  limit(`--nofile=${files}:`);
  return () => limit(`--nofile=${before}:`);
};

const dialNats = async (): Promise<void> => {
  const user = { user: 'auth', pass: servers.natsPassword('auth') };
  await (await connect({ servers: servers.natsUrl, timeout: 2000, reconnect: false, ...user })).close();
};
/** OP_MSG with the command hello, as a client sends it first. */
const hello = ((): Buffer => {
  const command = mongoose.mongo.BSON.serialize({ hello: 1, $db: 'admin' });
  const head = Buffer.alloc(21);
  for (const [at, field] of [head.length + command.length, 1, 0, 2013].entries()) head.writeInt32LE(field, 4 * at);
  return Buffer.concat([head, command]);
})();
const sockets: Socket[] = [];
/** Opens a connection to mongod and keeps it. @throws Error if mongod closes it without an answer */
const dialMongo = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connectTcp(mongod, () => socket.write(hello)).on('error', () => {});
    socket.once('data', () => resolve()).once('close', () => reject(new Error('mongod refuses connections')));
    sockets.push(socket);
  });

/** One connection is let in, and the test has it. */
const fillNats = async (): Promise<() => Promise<void>> => {
  const file = join(servers.dataDir, 'nats.conf');
  const before = readFileSync(file, 'utf8');
  const reload = (): boolean => process.kill(servers.nats.pid ?? 0, 'SIGHUP');
  appendFileSync(file, '\nmax_connections: 1\n');
  reload();
  // Dials again if the server closes this one to get down to its limit.
  const again = {
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 0,
    waitOnFirstConnect: true,
    timeout: 1000,
  };
  const user = { user: 'agent-hub', pass: servers.natsPassword('agent-hub') };
  const held = await connect({ servers: servers.natsUrl, ...user, ...again });
  return async () => {
    await held.close();
    writeFileSync(file, before);
    reload();
  };
};

/** mongod lets in as many connections as 80 % of the files that it may open when it starts: 819 of these. */
const filesAtStart = 1024;
/** A connection takes two files and more, so it needs these to stay within its limit of connections. */
const filesAfterStart = 8192;

/**
 * The ports of those who are connected to mongod, without itself.
 * By `/proc`: each end is a row of net/tcp, with its local and its remote address, its state and its inode.
 */
const peersOfMongod = (): (number | undefined)[] => {
  const folder = `/proc/${servers.mongod.pid}`;
  const own = new Set(readdirSync(`${folder}/fd`).map((fd) => readlinkSync(`${folder}/fd/${fd}`)));
  const portOf = (address = ''): number => Number.parseInt(address.split(':')[1] ?? '', 16);
  const connected = readFileSync(`${folder}/net/tcp`, 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state]) => state === '01')
    .map(([, local, remote, , , , , , , inode]) => ({
      localPort: portOf(local),
      remotePort: portOf(remote),
      isMongod: own.has(`socket:[${inode}]`),
    }));
  return connected
    .filter(({ remotePort, isMongod }) => remotePort === mongod.port && !isMongod)
    .map(({ localPort }) => localPort);
};

const fillMongo = async (): Promise<() => Promise<void>> => {
  const setBack = limitFiles(process.pid, filesAtStart);
  await servers.mongod.restart().finally(setBack);
  limitFiles(servers.mongod.pid, filesAfterStart);
  const takePlaces = async (): Promise<void> => {
    try {
      for (;;) await dialMongo();
    } catch {}
  };
  await takePlaces();
  // The connections of the server's start end meanwhile. When all are of this test, nobody else can free a place.
  const own = (): (number | undefined)[] => sockets.map(({ localPort }) => localPort);
  await vi.waitFor(() => expect(own()).toEqual(expect.arrayContaining(peersOfMongod())), recoveryWithin);
  await takePlaces();
  expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeGreaterThan(filesAtStart / 2);
  return async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await servers.mongod.restart();
  };
};

const cases = [
  ['NATS', 'open files', 'nats', dialNats, async () => limitFiles(servers.nats.pid, 3)],
  ['NATS', 'connections', 'nats', dialNats, fillNats],
  ['MongoDB', 'connections', 'mongodb', dialMongo, fillMongo],
] as const;

describe('a server at its own limit', () => {
  it.each(cases)(
    '%s at its limit of %s is named by readiness with the remedy, sign-in is 503, and both recover by themselves',
    async (_server, _limit, part, dial, fill) => {
      let giveBack: () => unknown = () => {};
      await expectRecovery(auth, {
        hurt: async () => {
          ways[part].cut();
          await vi.waitFor(async () => expect((await auth.ready()).parts[part]?.ok).toBe(false), recoveryWithin);
          giveBack = await fill();
          await vi.waitFor(() => expect(dial()).rejects.toThrow(), recoveryWithin);
          ways[part].mend();
        },
        heal: () => giveBack(),
        named: { [part]: { ok: false, detail: expect.stringContaining('its limits of connections and open files') } },
      });
    },
    150_000,
  );

  it('MongoDB at its limit of open files exits, is started again, and sign-in recovers by itself', async () => {
    const { pid } = servers.mongod;
    limitFiles(pid, 3);
    await vi.waitFor(async () => {
      await dialMongo().catch(() => {});
      expect([undefined, pid]).not.toContain(servers.mongod.pid);
    }, recoveryWithin);
    await expectRecovered(auth);
  }, 150_000);
});
