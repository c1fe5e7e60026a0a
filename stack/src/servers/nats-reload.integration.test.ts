import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { locateServer } from '../binaries/locate-server.ts';
import { writePrivateFile } from '../data-dir/private-files.ts';
import { freePortPreferring } from '../ports.ts';
import { isolatedSettings } from '../settings.ts';
import type { Running } from '../supervision/supervised.ts';
import { launchNats } from './nats.ts';
import { renderNatsConfig } from './nats-config.ts';
import { reloadNats } from './nats-reload.ts';

const folder = mkdtempSync(join(tmpdir(), 'webxterm-nats-reload-'));
const passwords = { init: 'i', auth: 'a', 'agent-hub': 'h', terminal: 't' };
let server: Running;
let port: number;

const config = (operatorPassword: string) => ({ port, storeFolder: join(folder, 'data'), passwords, operatorPassword });

beforeAll(async () => {
  port = await freePortPreferring(undefined);
  const { cacheDir, environment } = isolatedSettings(folder);
  const program = await locateServer('nats-server', { cacheFolder: cacheDir, environment, say: () => {} });
  server = await launchNats({
    ...config('operator-password'),
    program: program.path,
    folder,
    environment: {},
    onSpawn: () => {},
    onLine: () => {},
  });
});
afterAll(async () => {
  await server?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Whether the server allows `terminal` to publish on this subject. */
const publishes = async (terminal: NatsConnection, subject: string): Promise<boolean> => {
  const refused = (async () => {
    for await (const status of terminal.status()) if (status.type === 'error') return true;
    return false;
  })();
  terminal.publish(subject);
  await terminal.flush();
  return !(await Promise.race([refused, new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]));
};

it('gives a user of the running server the subjects of the new configuration, and keeps its connection', async () => {
  const terminal = await connect({ servers: `127.0.0.1:${port}`, user: 'terminal', pass: 't', reconnect: false });
  try {
    expect(await publishes(terminal, 'of.a.newer.version')).toBe(false);
    const older = renderNatsConfig(config('operator-password'));
    const wider = older.replaceAll('publish: { allow: [', 'publish: { allow: ["of.a.newer.version", ');
    expect(wider).not.toBe(older);
    writePrivateFile(join(folder, 'nats.conf'), wider);
    await reloadNats({ servers: [`127.0.0.1:${port}`], password: 'operator-password' });
    expect(await publishes(terminal, 'of.a.newer.version')).toBe(true);
  } finally {
    await terminal.close();
  }
});

it('reports an unusable configuration, and the remedy for a server that does not know the operator', async () => {
  const servers = [`127.0.0.1:${port}`];
  writePrivateFile(join(folder, 'nats.conf'), 'authorization: {');
  await expect(reloadNats({ servers, password: 'operator-password' })).rejects.toThrow(
    /did not read its configuration/,
  );
  await expect(reloadNats({ servers, password: 'wrong' })).rejects.toThrow(
    /Restart it \(docker compose restart nats\)/,
  );
});
