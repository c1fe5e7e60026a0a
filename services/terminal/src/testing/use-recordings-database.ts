import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, Health, Shutdown } from '@webxterm/shared';
import { buildIndexes, connectMongo } from '@webxterm/shared/mongo';
import { type Servers, startServers } from '@webxterm/stack';
import { afterAll, beforeAll } from 'vitest';
import { type RecordingModels, recordingModels } from '../recordings/record.ts';

/** The servers and the recordings of the current test file. */
export let servers: Servers;
export let models: RecordingModels;
export const logger = createLogger({ service: 'test', level: 'silent' });

/** Starts servers before the tests of a file, and stops them afterwards. */
export const useRecordingsDatabase = (): void => {
  const shutdown = new Shutdown(logger);
  const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-recordings-'));
  beforeAll(async () => {
    servers = await startServers({ dataDir });
    const health = new Health('test');
    const connection = await connectMongo({ url: servers.mongoUrl('terminal'), logger, health, shutdown });
    models = recordingModels(connection);
    await buildIndexes(connection);
  }, 120_000);
  afterAll(async () => {
    await shutdown.run();
    await servers?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);
};
