import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Servers, startServers } from '@webxterm/stack';
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { terminalMigrations } from './steps.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-migrate-'));
let servers: Servers;

beforeAll(async () => {
  servers = await startServers({ dataDir });
});
afterAll(async () => {
  await servers?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const migrate = (MONGO_URL: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../migrate.ts'), ...args], {
    env: { MONGO_URL },
    encoding: 'utf8',
  });

describe('the program that only migrates', () => {
  it('runs each step, ends with 0, and does nothing the next time', async () => {
    const url = servers.mongoUrl('terminal');
    for (const expected of ['the database was changed', 'the database is ready for this version']) {
      const { status, stdout, stderr } = migrate(url);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(expected);
    }
    const connection = await mongoose.createConnection(url).asPromise();
    const done = await connection.collection('migrations').find().toArray();
    await connection.close();
    expect(done.map(({ _id }) => String(_id))).toEqual(terminalMigrations.map(({ name }) => name));
  });

  it('exits with 2 for a wrong setting or argument', () => {
    expect(migrate('').status).toBe(2);
    const { status, stderr } = migrate('', '--now');
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("'--now'") });
  });
});
