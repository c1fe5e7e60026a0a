import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolder } from '../../stack/src/project-folder.ts';
import { onlineMachine, Rest } from '../support/rest.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { pythonTools } from './python-tools.ts';

const examples = join(projectFolder, 'docs/examples');
/** The version that the page of the examples names. */
const [requirement = ''] =
  readFileSync(join(examples, 'README.md'), 'utf8').match(/openapi-python-client==[\d.]+/) ?? [];
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'python-client-'));
let bin: string;
let stack: TestStack;
let rest: Rest;

beforeAll(async () => {
  bin = await pythonTools(requirement);
  stack = await startTestStack();
  rest = new Rest(stack.url);
  rest = rest.as((await rest.login(stack.admin)).token);
  const args = ['--config', join(examples, 'python-client.yml'), '--meta', 'none', '--fail-on-warning'];
  const url = `${stack.url}/api/openapi.json`;
  await run(
    join(bin, 'openapi-python-client'),
    ['generate', '--url', url, ...args, '--output-path', join(folder, 'webxterm_client')],
    { cwd: folder },
  );
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const python = async (args: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<string> => {
  const { email, password } = stack.admin;
  const account = { WEBXTERM_URL: stack.url, WEBXTERM_EMAIL: email, WEBXTERM_PASSWORD: password };
  const env = { PATH: '/usr/bin:/bin', PYTHONPATH: folder, ...account, ...variables };
  return (await run(join(bin, 'python'), [...args], { cwd: folder, env })).stdout;
};

const sendsAndReadsAFile = `
import io, os
from webxterm_client import AuthenticatedClient
from webxterm_client.api.terminal import download_file, upload_file
from webxterm_client.types import File
client = AuthenticatedClient(os.environ["WEBXTERM_URL"], os.environ["TOKEN"])
sent = bytes(range(256)) * 100
at = {"path": os.environ["FILE"]}
answer = upload_file.sync_detailed(os.environ["AGENT_ID"], client=client, body=File(payload=io.BytesIO(sent)), **at)
print(answer.status_code.value, download_file.sync(os.environ["AGENT_ID"], client=client, **at).payload.read() == sent)
`;

describe('the Python client that openapi-python-client generates', () => {
  it('has a module for each operation, and all of them can be imported', async () => {
    const document = await rest.get<{ paths: Record<string, object> }>('/api/openapi.json');
    const operations = Object.values(document.body.paths).flatMap((path) => Object.keys(path));
    const api = join(folder, 'webxterm_client', 'api');
    const modules = readdirSync(api, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.py') && !file.endsWith('__init__.py'))
      .map((file) => `webxterm_client.api.${file.slice(0, -3).replaceAll('/', '.')}`);
    expect(modules.length).toBe(operations.length);
    await python(['-c', modules.map((name) => `import ${name}`).join('\n')]);
  });

  it('runs a command on a machine', async () => {
    const { name } = await onlineMachine(rest);
    expect(await python([join(examples, 'run-command-client.py')])).toBe(`${name}: Linux\n`);
  });

  it('sends and reads the bytes of a file', async () => {
    const { agent_id } = await onlineMachine(rest);
    const variables = { TOKEN: rest.token ?? '', AGENT_ID: agent_id, FILE: join(folder, 'sent.bin') };
    expect(await python(['-c', sendsAndReadsAFile], variables)).toBe('200 True\n');
  });
});
