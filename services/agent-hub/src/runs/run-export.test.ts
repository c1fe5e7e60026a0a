import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import type { RunRecord, StoredRunTarget } from './record.ts';
import { RunExport } from './run-export.ts';
import type { RunMachines } from './run-machines.ts';
import type { RunStore } from './run-store.ts';

const machines = 200;
const output = { stdout: Buffer.alloc(64 * 1024), stderr: Buffer.alloc(0) };
const nothing = { outcome: null, exit_code: null, signal: null, reason: null, message: null, linux_user: 'ann' };
const targetAt = (index: number): StoredRunTarget =>
  ({ ...nothing, agent_id: `a${index}`, command_id: `c${index}` }) as unknown as StoredRunTarget;

/** Outputs that are in memory, as far as the store knows. */
let read = 0;
const store: Pick<RunStore, 'targets' | 'output'> = {
  targets: async (_runId, _filter, { cursor, limit }) => {
    const from = Number(cursor ?? 0);
    const rows = Array.from({ length: limit }, (_none, index) => targetAt(from + index));
    return { rows, total: machines, next: from + limit < machines ? String(from + limit) : null };
  },
  output: async () => {
    read += 1;
    return output;
  },
};
const rights = {
  mayRunOn: async (_person: unknown, ids: readonly string[]) => new Map(ids.map((id) => [id, { linuxUsers: null }])),
} as unknown as Pick<RunMachines, 'mayRunOn'>;

let server: Server | undefined;
afterEach(() => server?.close().closeAllConnections());

/** A download, and the end of it at the server. */
const download = async (exports: RunExport): Promise<{ answer: IncomingMessage; sent: Promise<void> }> => {
  const sent = Promise.withResolvers<void>();
  server = createServer((_request, response) => {
    exports
      .send({ run_id: 'r' } as RunRecord, { userId: 'ann', role: 'user' }, response)
      .then(sent.resolve, sent.reject);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { answer, sent: sent.promise };
};

it('sends a line for each machine', async () => {
  const { answer, sent } = await download(new RunExport(store, rights));
  const lines = (await text(answer)).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).agent_id)).toEqual(
    Array.from({ length: machines }, (_none, index) => `a${index}`),
  );
  await sent;
});

it('is ended for a client that reads nothing, holds few outputs for it, and gives its place back', async () => {
  const exports = new RunExport(store, rights, 100);
  read = 0;
  const { answer, sent } = await download(exports);
  answer.pause();
  answer.on('error', () => {});
  await sent;
  expect(read).toBeLessThan(machines);
  expect(answer.readableEnded).toBe(false);
});
