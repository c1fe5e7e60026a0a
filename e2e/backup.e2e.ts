import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolder } from '../stack/src/project-folder.ts';
import { RawTerminal } from './support/raw-terminal.ts';
import { eventually, onlineMachine, Rest } from './support/rest.ts';
import { readSecret, startTestStack, type TestStack } from './support/stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'webxterm-backup-'));
const backup = join(folder, 'backup.wxb');
const restored = join(folder, 'restored');
const passphrase = 'kept in another place';
let stack: TestStack;
let rest: Rest;

/** Runs a program of npm, without npm. */
const runProgram = (args: readonly string[], dataDir: string): Promise<{ code: unknown; output: string }> =>
  new Promise((resolve) => {
    // biome-ignore lint/style/noProcessEnv: the program finds mongod as npm start does
    const env = { ...process.env, NODE_COMPILE_CACHE: getCompileCacheDir(), WEBXTERM_DATA_DIR: dataDir };
    const [file = '', ...rest] = args;
    execFile(process.execPath, [join(projectFolder, file), ...rest], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr }),
    );
  });

/** Runs `npm run backup` or `npm run restore`. */
const run = (program: 'main' | 'restore', dataDir: string, by = passphrase) => {
  const file = join(folder, 'passphrase');
  writeFileSync(file, `${by}\n`);
  return runProgram([`stack/src/backup/${program}.ts`, '--passphrase-file', file, backup], dataDir);
};

const signedIn = async ({ url, admin }: TestStack): Promise<Rest> => {
  const visitor = new Rest(url);
  return visitor.as((await visitor.login(admin)).token);
};

beforeAll(async () => {
  stack = await startTestStack();
  rest = await signedIn(stack);
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a backup', () => {
  let agentId = '';
  let rows: number[] = [];
  const auditRows = async (): Promise<number[]> =>
    (await rest.get<{ events: { seq: number }[] }>('/api/audit?limit=200')).body.events.map(({ seq }) => seq);

  it('is written while a terminal runs, which goes on, and has no secret in the clear', async () => {
    await new Rest(stack.url).signup('ada');
    agentId = (await onlineMachine(rest)).agent_id;
    const terminal = await RawTerminal.open(stack.url, agentId, { token: rest.token ?? '' });
    await terminal.run('echo before');
    await terminal.untilText('before');
    rows = await eventually('the sign-up is audited', async () => {
      const seen = await auditRows();
      return seen.length > 1 ? seen : undefined;
    });
    expect(await run('main', stack.dataDir)).toEqual({
      code: 0,
      output: expect.stringMatching(/backup\.wxb: \d\d collections and \d\d files, encrypted\n$/),
    });
    await terminal.run('echo after');
    await terminal.untilText('after');
    terminal.close();
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(backup);
    for (const secret of [readSecret(stack, 'mongo-root'), 'ada@example.com'])
      expect(bytes.includes(secret)).toBe(false);
  });

  it('is not overwritten, and restored neither over an installation nor with another passphrase', async () => {
    expect(await run('main', stack.dataDir)).toMatchObject({
      code: 1,
      output: expect.stringContaining('exists already'),
    });
    expect(await run('restore', stack.dataDir)).toMatchObject({
      code: 1,
      output: expect.stringContaining('is not empty'),
    });
    expect(await run('restore', restored, 'not that passphrase')).toMatchObject({
      code: 1,
      output: expect.stringContaining('the passphrase is not that of the backup'),
    });
  });

  it('is restored into an empty folder, and its installation has the users, passwords, machines and audit rows', async () => {
    await new Rest(stack.url).signup('later');
    await stack.stop();
    expect(await run('restore', restored)).toEqual({
      code: 0,
      output: expect.stringMatching(/restored: \d\d collections and \d\d files\. Start it: npm start\n$/),
    });
    stack = await startTestStack({ dataDir: restored });
    rest = await signedIn(stack);
    await new Rest(stack.url).login({ email: 'ada@example.com', password: 'yourpassword' });
    const later = await new Rest(stack.url).post('/api/login', {
      email: 'later@example.com',
      password: 'yourpassword',
    });
    expect(later.status).toBe(401);
    expect((await onlineMachine(rest)).agent_id).toBe(agentId);
    expect(await rest.machines()).toHaveLength(1);
    expect(await auditRows()).toEqual(expect.arrayContaining(rows));
    expect(await runProgram(['stack/src/audit-verify.ts'], restored)).toMatchObject({ code: 0 });
    const terminal = await RawTerminal.open(stack.url, agentId, { token: rest.token ?? '' });
    await terminal.run('echo restored');
    await terminal.untilText('restored');
    terminal.close();
  });
});
