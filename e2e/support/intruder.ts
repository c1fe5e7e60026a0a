// Forked with a list of ports: becomes another Unix user (when root) and tries what anyone on the machine could try at each of them.
import { readFileSync } from 'node:fs';
import { Client, credentials } from '@grpc/grpc-js';
import { connect as connectNats } from '@nats-io/transport-node';
import { AttachDown, AttachUp, HubServiceService } from '@webxterm/contracts/grpc';
import { MongoClient } from 'mongodb';

export interface Loot {
  readonly port: number;
  /** The attempts at the port that succeeded. */
  readonly gotIn: readonly string[];
}

const nobody = 65_534;
const patienceMs = 1500;
/** For what hashes a password, which takes its time where much else runs. */
const hashingMs = 20_000;

/** Whether an attempt gets in; a refusal, an error and no answer are all a no. */
const worked = async (attempt: () => Promise<boolean>, withinMs: number): Promise<boolean> => {
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), withinMs));
  return Promise.race([attempt().catch(() => false), late]);
};

const http = (port: number, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(patienceMs), ...init });

const signUp = async (port: number): Promise<boolean> => {
  const body = JSON.stringify({
    username: `intruder${port}`,
    email: `intruder${port}@example.com`,
    password: 'yourpassword',
  });
  const answer = await http(port, '/api/signup', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(hashingMs),
  });
  return answer.status === 201;
};

const listDatabases = async (port: number): Promise<boolean> => {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: patienceMs,
  });
  try {
    await client.db('admin').command({ listDatabases: 1 });
    return true;
  } finally {
    await client.close();
  }
};

const joinBus = async (port: number): Promise<boolean> => {
  const bus = await connectNats({ servers: [`127.0.0.1:${port}`], timeout: patienceMs, reconnect: false });
  await bus.close();
  return true;
};

const attach = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const stream = client.makeBidiStreamRequest<AttachUp, AttachDown>(
      HubServiceService.attach.path,
      (message) => Buffer.from(AttachUp.encode(message).finish()),
      (bytes) => AttachDown.decode(bytes),
    );
    stream.on('data', () => resolve(true));
    stream.on('error', () => {
      resolve(false);
      client.close();
    });
    stream.write({ message: { $case: 'frame', value: Buffer.from('x') } });
  });

const attempts: Readonly<Record<string, (port: number) => Promise<boolean>>> = {
  'read the metrics': async (port) => (await (await http(port, '/metrics')).text()).includes('# HELP'),
  'list the machines': async (port) => (await (await http(port, '/api/machines')).text()).includes('"machines"'),
  'sign up': signUp,
  'list the databases': listDatabases,
  'join the bus': joinBus,
  'attach to a terminal': attach,
};

const tryEverything = async (port: number): Promise<Loot> => {
  const tried = Object.entries(attempts).map(async ([name, attempt]) =>
    (await worked(() => attempt(port), attempt === signUp ? hashingMs : patienceMs)) ? name : undefined,
  );
  return { port, gotIn: (await Promise.all(tried)).filter((name) => name !== undefined) };
};

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
  for (const port of errand.ports) loot.push(await tryEverything(port));
  process.send?.({ loot, read: errand.files.filter(readable) });
});
