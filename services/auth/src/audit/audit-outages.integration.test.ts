import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager } from '@nats-io/jetstream';
import { auditStream } from '@webxterm/contracts/bus';
import { createLogger, Shutdown } from '@webxterm/shared';
import { AuditOutbox, Auditor } from '@webxterm/shared/audit';
import { connectBus } from '@webxterm/shared/bus';
import { endWithUs, startServers } from '@webxterm/stack';
import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { authEnvironment, rootKey } from '../testing/auth-under-test.ts';
import { ChainStore } from './chain-store.ts';
import { auditModels } from './row.ts';
import { verifyChain } from './verify.ts';

let dataDir: string;
let servers: Awaited<ReturnType<typeof startServers>>;
let child: ChildProcess;
let log: Connection;
let hubDatabase: Connection;
let hub: Auditor;
let outbox: AuditOutbox;

const logger = createLogger({ service: 'test', level: 'silent' });
const shutdown = new Shutdown(logger);
const roots = deriveRootKeys([rootKey]);
const within = { timeout: 40_000, interval: 200 };

/** The real process, for tests that kill it. */
const startAuthProcess = async (): Promise<ChildProcess> => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const env = { ...(await authEnvironment(servers)), LOG_LEVEL: 'info' };
  const started = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  endWithUs(started);
  const { stdout } = started;
  if (stdout === null) throw new Error('no stdout');
  await new Promise<void>((resolve, reject) => {
    let said = '';
    stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('auth is ready')) resolve();
    });
    started.once('exit', () => reject(new Error(`auth ended: ${said}`)));
  });
  return started;
};

const kill = async (): Promise<void> => {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
};

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'webxterm-audit-'));
  servers = await startServers({ dataDir });
  const options = { serverSelectionTimeoutMS: 1000 };
  log = await mongoose.createConnection(servers.mongoUrl('auth'), options).asPromise();
  hubDatabase = await mongoose.createConnection(servers.mongoUrl('agent-hub'), options).asPromise();
  const password = servers.natsPassword('agent-hub');
  const bus = await connectBus({ urls: [servers.natsUrl], user: 'agent-hub', password, logger, shutdown });
  outbox = new AuditOutbox(hubDatabase);
  hub = new Auditor({ bus, outbox, logger });
  hub.start(shutdown);
  child = await startAuthProcess();
});

afterAll(async () => {
  await shutdown.run();
  await kill();
  await Promise.all([log?.close(), hubDatabase?.close()]);
  await servers?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const record = (name: string): Promise<void> =>
  hub.record({ action: 'machine_renamed', target: { type: 'machine', id: 'm', name } });
const recordAll = (names: readonly string[]): Promise<unknown> => Promise.all(names.map(record));
const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name} ${at}`);

const written = async (name: string): Promise<string[]> => {
  const rows = await log
    .collection('audit_events')
    .find({ 'target.name': { $regex: `^${name} ` } })
    .toArray();
  return rows.map((row) => String(row.target.name));
};

const untilWritten = async (name: string, count: number): Promise<void> => {
  await vi.waitFor(async () => expect(new Set(await written(name)).size).toBe(count), within);
  expect(await written(name)).toHaveLength(count);
};

const expectWhole = async (): Promise<void> => {
  const chain = new ChainStore(auditModels(log), roots);
  const { findings } = await verifyChain(roots, chain.inOrder(), await chain.anchor(), []);
  expect(findings).toEqual([]);
};

describe('an audited action', () => {
  it('is recorded once, of 1,000, although auth is killed three times meanwhile', async () => {
    const names = numbered('killed', 1000);
    for (let round = 0; round < 4; round += 1) {
      const recording = recordAll(names.slice(round * 250, (round + 1) * 250));
      if (round < 3) {
        await vi.waitFor(async () => expect((await written('killed')).length).toBeGreaterThan(round * 250), within);
        await kill();
        child = await startAuthProcess();
      }
      await recording;
    }
    await untilWritten('killed', 1000);
    await expectWhole();
  });

  it('waits in the stream while MongoDB is unavailable', async () => {
    await servers.mongod.stop();
    await recordAll(numbered('without mongo', 20));
    await servers.mongod.start();
    await untilWritten('without mongo', 20);
    await expectWhole();
  });

  it('waits in the database of its service while NATS is unavailable, and is refused only while both are', async () => {
    await servers.nats.stop();
    await recordAll(numbered('without nats', 5));
    expect(await outbox.count()).toBe(5);
    await servers.mongod.stop();
    await expect(record('lost 1')).rejects.toMatchObject({ code: 'unavailable' });
    await servers.mongod.start();
    await servers.nats.start();
    await untilWritten('without nats', 5);
    await vi.waitFor(async () => expect(await outbox.count()).toBe(0), within);
    expect(await written('lost')).toEqual([]);
    await expectWhole();
  });

  it('is deleted from the stream once it is written to the database', async () => {
    const password = servers.natsPassword('auth');
    const bus = await connectBus({ urls: [servers.natsUrl], user: 'auth', password, logger });
    const streams = await jetstreamManager(bus, { checkAPI: false });
    await vi.waitFor(async () => expect((await streams.streams.info(auditStream.name)).state.messages).toBe(0), within);
    await bus.close();
  });
});

describe('an action that cannot be part of a transaction', () => {
  it('is recorded as unknown if its service ends during it', async () => {
    const never = new Promise<void>(() => {});
    void hub.act({ action: 'command_executed', target: { type: 'machine', id: 'm', name: 'cut 1' } }, () => never, {
      withinMs: 0,
    });
    await untilWritten('cut', 1);
    const row = await log.collection('audit_events').findOne({ 'target.name': 'cut 1' });
    expect(row).toMatchObject({ result: 'unknown', reason: 'interrupted' });
  });

  it('is one row with its result, and is refused if its intent cannot be written', async () => {
    const fact = (name: string) =>
      ({ action: 'command_executed', target: { type: 'machine', id: 'm', name } }) as const;
    await hub.act(fact('done 1'), async () => 7, { resultOf: (code) => ({ details: { exit_code: code } }) });
    await untilWritten('done', 1);
    const row = await log.collection('audit_events').findOne({ 'target.name': 'done 1' });
    expect(row).toMatchObject({ result: 'ok', details: '{"exit_code":7}' });

    const full = new AuditOutbox(hubDatabase, 0);
    await full.count();
    let done = false;
    const refused = new Auditor({ bus: undefined, outbox: full, logger }).act(fact('full 1'), async () => {
      done = true;
    });
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
    expect(done).toBe(false);
  });
});
