import { fork } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Loot } from './support/intruder.ts';
import { listeningPorts } from './support/listening-ports.ts';
import { stack, useStack } from './support/use-stack.ts';

useStack();

const loopback = ['0100007F', '00000000000000000000000001000000'];

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const sendIntruder = (ports: number[], files: string[]): Promise<{ loot: Loot[]; read: string[] }> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./support/intruder.ts', import.meta.url)));
    child.once('message', (found: { loot: Loot[]; read: string[] }) => {
      resolve(found);
      child.kill();
    });
    child.once('error', reject);
    child.send({ ports, files });
  });

describe('another user on the same machine', () => {
  it('finds nothing listening beyond loopback', () => {
    const open = stack
      .processes()
      .flatMap((process) => listeningPorts(process.pid).map((socket) => ({ ...socket, name: process.name })));
    expect(open.length).toBeGreaterThan(8);
    expect(open.filter((socket) => !loopback.includes(socket.address))).toEqual([]);
  });

  it('is refused at every port: of the database, the bus, the services, the hubs and the metrics', async () => {
    const gateway = Number(new URL(stack.url).port);
    const ports = stack.processes().flatMap((process) => listeningPorts(process.pid).map((socket) => socket.port));
    const { loot } = await sendIntruder(ports, []);
    // Sign-up is open, and a new user sees no machine.
    const allowed = (port: number): string[] => (port === gateway ? ['sign up'] : []);
    expect(loot).toEqual(ports.map((port) => ({ port, gotIn: allowed(port) })));
  }, 120_000);

  // Only root can become another user; without root the modes, checked below, are what can be seen.
  it.runIf(process.getuid?.() === 0)('can read no file of the stack', async () => {
    const files = filesBelow(stack.dataDir);
    expect(files.length).toBeGreaterThan(10);
    expect((await sendIntruder([], files)).read).toEqual([]);
  });

  it('has no access to the data folder and the secrets, by their modes', () => {
    expect(statSync(stack.dataDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(stack.dataDir, 'stack.json')).mode & 0o777).toBe(0o600);
    for (const file of filesBelow(join(stack.dataDir, 'secrets')))
      expect([file, statSync(file).mode & 0o077]).toEqual([file, 0]);
  });

  it('reads no secret from a command line', () => {
    const secrets = filesBelow(join(stack.dataDir, 'secrets')).map((file) => readFileSync(file, 'utf8').trim());
    expect(secrets.length).toBeGreaterThan(5);
    for (const process of stack.processes()) {
      const line = readFileSync(`/proc/${process.pid}/cmdline`, 'utf8');
      for (const secret of [...secrets, stack.admin.password]) expect(line.includes(secret)).toBe(false);
    }
  });
});
