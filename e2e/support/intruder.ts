// Forked with a list of ports: becomes another Unix user (when root) and tries what anyone on the machine could try at each of them.
import { readFileSync } from 'node:fs';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { connect as connectNats } from '@nats-io/transport-node';
import { AttachDown, AttachUp, HubServiceService } from '@webxterm/contracts/grpc';
import { MongoClient } from 'mongodb';

export interface Loot {
  port: number;
  /** Status of what HTTP requests were answered, by name. */
  http: Record<string, number>;
  mongo: string;
  nats: string;
  attach: string;
}

const nobody = 65_534;
const patienceMs = 1500;

const outcome = async (attempt: () => Promise<string>): Promise<string> => {
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('no answer'), patienceMs));
  return Promise.race([
    attempt().catch((error: unknown) => (error instanceof Error ? `refused: ${error.message}` : 'refused')),
    late,
  ]);
};

const http = async (port: number, method: string, path: string, body?: unknown): Promise<number> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    signal: AbortSignal.timeout(patienceMs),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  }).catch(() => undefined);
  // mongod answers every HTTP request with 200 and a hint in plain text: only what our services say counts.
  return response === undefined ||
    (response.headers.get('content-type')?.startsWith('text/plain') === true && path !== '/metrics')
    ? 0
    : response.status;
};

const mongo = (port: number): Promise<string> =>
  outcome(async () => {
    const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
      serverSelectionTimeoutMS: patienceMs,
    });
    try {
      await client.db('admin').command({ listDatabases: 1 });
      return 'GOT IN';
    } finally {
      await client.close();
    }
  });

const nats = (port: number): Promise<string> =>
  outcome(async () => {
    const bus = await connectNats({ servers: [`127.0.0.1:${port}`], timeout: patienceMs, reconnect: false });
    await bus.close();
    return 'GOT IN';
  });

const attach = (port: number): Promise<string> =>
  outcome(
    () =>
      new Promise((resolve) => {
        const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
        const { path } = HubServiceService.attach;
        const stream = client.makeBidiStreamRequest<AttachUp, AttachDown>(
          path,
          (message) => Buffer.from(AttachUp.encode(message).finish()),
          (bytes) => AttachDown.decode(bytes),
        );
        stream.on('data', () => resolve('GOT IN'));
        stream.on('error', (error: ServiceError) => {
          resolve(`refused: ${error.code}`);
          client.close();
        });
        stream.write({ message: { $case: 'frame', value: Buffer.from('x') } });
      }),
  );

const readable = (path: string): boolean => {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
};

process.once('message', async (errand: { ports: number[]; files: string[] }) => {
  if (process.getuid?.() === 0) {
    process.setgroups?.([]);
    process.setgid?.(nobody);
    process.setuid?.(nobody);
  }
  const loot: Loot[] = [];
  for (const port of errand.ports) {
    loot.push({
      port,
      http: {
        metrics: await http(port, 'GET', '/metrics'),
        machines: await http(port, 'GET', '/api/machines'),
        signup: await http(port, 'POST', '/api/signup', {
          username: `intruder${port}`,
          email: `intruder${port}@example.com`,
          password: 'yourpassword',
        }),
      },
      mongo: await mongo(port),
      nats: await nats(port),
      attach: await attach(port),
    });
  }
  process.send?.({ loot, read: errand.files.filter(readable) });
});
