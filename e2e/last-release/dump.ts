import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Stack, startStack } from '@webxterm/stack';
import { BSON, MongoClient } from 'mongodb';
import { NodeTerminal } from '../support/node-terminal.ts';
import { eventually, onlineMachine, Rest } from '../support/rest.ts';

// `node e2e/last-release/dump.ts FOLDER` in a checkout of a release: what README.md of this folder describes.

const secretNames = ['jwt-keys', 'root-key', 'admin-password', 'pass-key', 'link-key', 'hub-token', 'ticket-key'];

const useTheProduct = async (stack: Stack): Promise<void> => {
  const visitor = new Rest(stack.url);
  const admin = visitor.as((await visitor.login(stack.admin)).token);
  const ada = visitor.as((await visitor.signup('ada')).token);
  await visitor.signup('bob');
  for (const name of ['node3', 'node20', 'Build box']) await ada.post('/api/machines', { name });
  const { agent_id } = await onlineMachine(admin);
  await admin.send('PATCH', `/api/machines/${agent_id}`, { name: 'gate' });
  const granted = await admin.post(`/api/machines/${agent_id}/access/grant`, { username: 'bob', role: 'view' });
  if (granted.status >= 300) throw new Error(`the grant was refused: ${JSON.stringify(granted)}`);
  const terminal = new NodeTerminal(admin, agent_id);
  await terminal.untilLive();
  await terminal.run('echo of the last release');
  terminal.type('exit 3\n');
  await eventually('the end of the terminal is audited', async () => {
    const { body } = await admin.get<{ events: unknown[] }>('/api/audit?action=terminal_closed');
    return body.events.length > 0 || undefined;
  });
};

const dump = async (url: string): Promise<Record<string, unknown>> => {
  const client = await new MongoClient(url).connect();
  try {
    const found = await client
      .db()
      .listCollections({ name: /^(?!system\.)/ }, { nameOnly: false })
      .toArray();
    const kept: Record<string, unknown> = {};
    for (const { name, ...rest } of found.sort((one, other) => one.name.localeCompare(other.name))) {
      const collection = client.db().collection(name);
      const indexes = (await collection.indexes()).filter((index) => index.name !== '_id_');
      const options = 'options' in rest ? rest.options : {};
      kept[name] = { options, indexes, documents: await collection.find().sort({ _id: 1 }).toArray() };
    }
    return kept;
  } finally {
    await client.close();
  }
};

const folder = resolve(process.argv[2] ?? 'last-release');
mkdirSync(folder, { recursive: true });
const dataDir = mkdtempSync(join(tmpdir(), 'webxterm-dump-'));
// Without STACK_USER the machine of the stack itself can be granted.
const stack = await startStack({
  dataDir,
  home: dataDir,
  agent: true,
  serviceEnvironment: { 'agent-hub': { STACK_USER: '' } },
});
const secret = (name: string): string => readFileSync(join(dataDir, 'secrets', name), 'utf8').trim();
try {
  await useTheProduct(stack);
  for (const service of ['auth', 'agent-hub', 'terminal']) {
    const kept = BSON.EJSON.stringify(await dump(secret(`mongo-url-${service}`)), undefined, 1, { relaxed: false });
    writeFileSync(join(folder, `${service}.json`), `${kept}\n`);
  }
  const secrets = Object.fromEntries(secretNames.map((name) => [name, secret(name)]));
  writeFileSync(join(folder, 'secrets.json'), `${JSON.stringify(secrets, null, 2)}\n`);
} finally {
  await stack.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
