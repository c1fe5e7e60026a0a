import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Rest } from '../support/rest.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { pythonTools } from './python-tools.ts';

// Schemathesis makes requests from the served OpenAPI document, valid and invalid ones, and compares every answer with it. No machine is
// online: the commands and the paths of files that it makes up must not reach one. The e2e tests compare the answers of machines.

const requirement = 'schemathesis==4.32.5';

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'missing_required_header',
];

/** They wait for events or upgrade the connection. */
const notCalled = ['machineEvents', 'runEvents', 'terminalSocket', 'forwardSocket', 'sshSocket'];

/** They limit what the sign-in may do, so they are called after all others. */
const calledLast = ['changeSecondFactorPolicy', 'browserSession', 'resetPassword', 'deleteProfile'];

let stack: TestStack;
let rest: Rest;
const folder = mkdtempSync(join(tmpdir(), 'contract-'));

beforeAll(async () => {
  stack = await startTestStack({ agent: false });
  rest = new Rest(stack.url);
  rest = rest.as((await rest.login(stack.admin)).token);
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const created = async <T>(path: string, body: unknown): Promise<T> => {
  const answer = await rest.post<T>(path, body);
  expect([answer.status, answer.body], path).toEqual([201, expect.anything()]);
  return answer.body;
};

/** Ids of things that exist, by the parameter of the path. Each operation that removes one has its own, and others keep theirs. */
const existing = async (): Promise<string> => {
  const machine = async (name: string) =>
    (await created<{ machine: { agent_id: string } }>('/api/machines', { name })).machine.agent_id;
  const [kept, removed] = [await machine('kept'), await machine('removed')];
  const user = async (name: string) => (await rest.signup(name)).user.id;
  const [keptUser, removedUser] = [await user('kept'), await user('removed')];
  const token = { name: 'a token', scopes: ['see'], expires_in_days: 1 };
  const { access_token } = await created<{ access_token: { id: string } }>('/api/profile/tokens', token);
  const enrolment = { name: 'images', machines: 3 };
  const { enrolment_token } = await created<{ enrolment_token: { token_id: string } }>(
    '/api/enrolment-tokens',
    enrolment,
  );
  const run = await created<{ run_id: string }>('/api/runs', { command: 'true', agent_ids: [kept] });
  const of: [operations: readonly string[], parameter: string, id: string][] = [
    [['deleteMachine'], 'agent_id', removed],
    [['deleteUser'], 'id', removedUser],
    [['updateUser', 'userBelongings', 'createResetLink', 'listUserTokens', 'revokeUserTokens'], 'id', keptUser],
    [['revokeAccessToken'], 'id', access_token.id],
    [['revokeEnrolmentToken'], 'token_id', enrolment_token.token_id],
    [['blockUser', 'unblockUser'], 'user_id', keptUser],
  ];
  return [
    '[dictionaries]',
    ...Object.entries({ machines: kept, runs: run.run_id }).map(([name, id]) => `${name} = { values = ["${id}"] }`),
    ...of.map(([[operation], , id]) => `of-${operation} = { values = ["${id}"] }`),
    '[parameters]',
    '"path.agent_id" = { dictionary = "machines", probability = 0.8 }',
    '"path.run_id" = { dictionary = "runs", probability = 0.8 }',
    ...of.flatMap(([operations, parameter]) =>
      operations.flatMap((operation) => [
        '[[operations]]',
        `include-operation-id = "${operation}"`,
        `parameters = { "path.${parameter}" = { dictionary = "of-${operations[0]}", probability = 0.8 } }`,
      ]),
    ),
  ].join('\n');
};

/** A sign-in that an operation ends is begun again. A documented 503 says that something is away or offline. */
const settings = ({ email, password }: TestStack['admin'], ids: string): string => `
request-timeout = 30
continue-on-failure = true
[auth.dynamic.openapi.bearer]
path = "/api/login"
payload = { email = "${email}", password = "${password}" }
extract_selector = "/token"
retry_on = [401]
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
[checks.negative_data_rejection]
expected-statuses = ["4xx", 503]
${ids}
`;

const called = async (program: string, selection: readonly string[]): Promise<number> => {
  const args = [
    ...['--config-file', join(folder, 'schemathesis.toml'), '--no-color', 'run', join(folder, 'openapi.json')],
    ...['--url', stack.url],
    ...['--generation-database', 'none', '--max-examples', '10', '--checks', checks.join(','), ...selection],
  ];
  const { code, stdout } = await promisify(execFile)(program, args, { cwd: folder, maxBuffer: 2 ** 28 }).then(
    (done) => ({ code: 0, ...done }),
    ({ code, stdout }: { code: unknown; stdout: string }) => ({ code, stdout }),
  );
  process.stdout.write(stdout);
  expect(code).toBe(0);
  return Number(/Tested: +(\d+)/.exec(stdout)?.[1]);
};

it('answers what it documents, and no server error, to requests that Schemathesis makes', async () => {
  const program = join(await pythonTools(requirement), 'schemathesis');
  writeFileSync(join(folder, 'schemathesis.toml'), settings(stack.admin, await existing()));
  const document = await rest.get<{ paths: Record<string, object> }>('/api/openapi.json');
  // From a file: it would leave out the route of an address.
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document.body));
  const operations = Object.values(document.body.paths).flatMap((path) => Object.keys(path)).length;
  const excluded = [...notCalled, ...calledLast].flatMap((id) => ['--exclude-operation-id', id]);
  expect(await called(program, excluded)).toBe(operations - notCalled.length - calledLast.length);
  const last = calledLast.flatMap((id) => ['--include-operation-id', id]);
  expect(await called(program, last)).toBe(calledLast.length);
});
