import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachineKey } from '../identity/machine-key.ts';
import { TestHub } from '../integration/test-hub.ts';
import { machineFacts } from '../stats/facts.ts';
import { patience } from './back-off.ts';
import { dial } from './dial.ts';

let directory = '';
let hub: TestHub;
let stopped: Server;
const sockets: Socket[] = [];

/** As with a stopped process: the kernel accepts connections, and nothing responds. */
beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'agent-dial-'));
  key = await createMachineKey(path.join(directory, 'agent.key'));
  hub = await new TestHub().start();
  stopped = createServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket.on('error', () => {})));
  await new Promise<void>((listening) => stopped.listen(0, '127.0.0.1', listening));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  stopped.close();
  hub.kill();
  await rm(directory, { recursive: true, force: true });
});

let key: Awaited<ReturnType<typeof createMachineKey>>;

const dialTo = async (address: string) =>
  dial(address, {
    security: { tls: false, ca: undefined },
    key,
    generation: { raise: async () => 1n },
    instanceId: Buffer.alloc(16),
    credential: { $case: 'machineCredential', value: 'wxt_mc_test' },
    fallbackCredential: '',
    facts: await machineFacts({ name: 'box', linux_user: os.userInfo().username }),
    capabilities: [],
    registerOnly: false,
    patienceMs: patience(0),
  });

describe('a hub that accepts the connection and sends nothing', () => {
  it('is given up within 1.5 s for the next one, however many are silent', async () => {
    const address = stopped.address();
    const silent = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    for (let tries = 0; tries < 3; tries += 1) {
      const from = performance.now();
      expect(await dialTo(silent)).toMatchObject({ kind: 'failed' });
      const took = performance.now() - from;
      // The rest is reserve for a busy machine. TCP itself would take over 45 s.
      expect([took > 1400, took < 6000], `${took} ms`).toEqual([true, true]);
    }
    expect(sockets).toHaveLength(3);
    const last = await dialTo(hub.address);
    expect(last).toMatchObject({ kind: 'welcome' });
    if (last.kind === 'welcome') last.connection.close();
  });
});
