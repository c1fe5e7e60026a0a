import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Servers, startServers } from '@webxterm/stack';
import mongoose, { type Connection } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../log/logger.ts';
import { type MigrateOptions, migrate } from './migrate.ts';
import type { MigrationStep } from './migration-step.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-migrations-'));
let servers: Servers;
let one: Connection;
let other: Connection;

beforeAll(async () => {
  servers = await startServers({ dataDir });
  const connect = () => mongoose.createConnection(servers.mongoUrl('terminal')).asPromise();
  [one, other] = await Promise.all([connect(), connect()]);
});
beforeEach(() => one.dropDatabase());
afterAll(async () => {
  await Promise.all([one?.close(), other?.close()]);
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Runs the steps and returns the lines that this wrote to the log. */
const run = async (
  steps: readonly MigrationStep[],
  options: Omit<MigrateOptions, 'logger'> = {},
  connection = one,
): Promise<string[]> => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'test', level: 'info' }, { write: (line) => void lines.push(line) });
  await migrate(connection, steps, { logger, ...options });
  return lines;
};

const ran: string[] = [];
beforeEach(() => void ran.splice(0));
const step = (name: string, up: MigrationStep['up'] = async () => {}): MigrationStep => ({
  name,
  up: async (...given) => {
    ran.push(name);
    await up(...given);
  },
});
const [first, second] = [step('0001-first'), step('0002-second')];
const kept = async () => (await one.collection('migrations').find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);

/** A step that runs until `letGo` is called. */
const held = () => {
  const [entered, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const up = async () => {
    entered.resolve();
    await letGo.promise;
  };
  return { step: step('0001-held', up), entered: entered.promise, letGo: () => letGo.resolve() };
};

describe('migrations', () => {
  it('are run in their order, each once, and kept by their names', async () => {
    await run([first]);
    await run([first, second]);
    await run([first, second]);
    expect(ran).toEqual(['0001-first', '0002-second']);
    expect(await kept()).toEqual(['0001-first', '0002-second']);
  });

  it('are run once by several instances that start together', async () => {
    const slow = step('0001-slow', () => new Promise((resolve) => setImmediate(resolve)));
    await Promise.all([one, other, one, other].map((connection) => run([slow, second], {}, connection)));
    expect(ran).toEqual(['0001-slow', '0002-second']);
  });

  it('are repeated at each start if they are declared so', async () => {
    const again: MigrationStep = { ...first, atEachStart: true };
    await run([again, second]);
    await run([again, second]);
    expect(ran).toEqual(['0001-first', '0002-second', '0001-first']);
  });

  it('that fail half-way are reported with the remedy, block the next one, and are repeated from their beginning', async () => {
    let fails = true;
    const halfWay = step('0002-half-way', async ({ db }) => {
      await db?.collection<{ _id: string }>('rows').updateOne({ _id: 'a' }, { $set: { new: 1 } }, { upsert: true });
      if (fails) throw new Error('the disk is full');
    });
    const steps = [first, halfWay, step('0003-third')];
    await expect(run(steps)).rejects.toThrow(
      'migration 0002-half-way of the database terminal failed: the disk is full. Correct the cause and start the service again',
    );
    expect(await kept()).toEqual(['0001-first']);
    fails = false;
    await run(steps);
    expect(ran).toEqual(['0001-first', '0002-half-way', '0002-half-way', '0003-third']);
    expect(await kept()).toEqual(['0001-first', '0002-half-way', '0003-third']);
  });

  it('of a newer version are named, and do not prevent the start', async () => {
    await run([first, second]);
    expect((await run([first])).join()).toContain('"migrations":["0002-second"]');
  });

  it.each([['0002-first'], ['first'], ['0001_first']])('called %s are refused', async (name) => {
    await expect(run([step(name)])).rejects.toThrow(`migration ${name} must be called 0001-what-it-does`);
  });
});

describe('an instance that starts while another instance migrates', () => {
  it('waits for it, logs the step, and does not repeat it', async () => {
    const { step: long, entered, letGo } = held();
    const running = run([long, second], { instance: 'auth-1' });
    await entered;
    const said = Promise.withResolvers<string>();
    const logger = createLogger({ service: 'test', level: 'warn' }, { write: said.resolve });
    const waiting = migrate(other, [long, second], { logger });
    expect(await said.promise).toMatch(
      /auth-1 \(.*\) has been changing the database terminal since .* \(migration 0001-held\): waiting for it/,
    );
    letGo();
    await Promise.all([running, waiting]);
    expect(ran).toEqual(['0001-held', '0002-second']);
  });

  it('gives up in time, and names the instance and the step', async () => {
    const { step: long, entered, letGo } = held();
    const running = run([long], { instance: 'auth-1' });
    await entered;
    await expect(run([long], { withinMs: 1 }, other)).rejects.toThrow(
      /^auth-1 .*\(migration 0001-held\), and this instance has waited 0\.001 s for it: look at its log/,
    );
    letGo();
    await running;
  });

  it('continues by itself after the other one has died', async () => {
    const dead = { holder: 'auth-1', step: '0001-first', since: new Date(), until: new Date(Date.now() + 300) };
    await one.collection<typeof dead & { _id: string }>('migration_lock').insertOne({ _id: 'lock', ...dead });
    await run([first]);
    expect(ran).toEqual(['0001-first']);
  });

  it('does not record a step after it lost the lock', async () => {
    const robbed = step('0001-robbed', async ({ db }) => {
      await db
        ?.collection<{ _id: string }>('migration_lock')
        .updateOne({ _id: 'lock' }, { $set: { holder: 'auth-2' } });
    });
    await expect(run([robbed])).rejects.toThrow(
      /0001-robbed .*was not renewed in time, and another instance runs them now/,
    );
    expect(await kept()).toEqual([]);
  });
});
