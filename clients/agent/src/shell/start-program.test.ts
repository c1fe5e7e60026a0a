import os from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ExitResult } from './controlled-start.ts';
import { ownUser } from './linux-user.ts';
import { findLoginTools } from './login-tools.ts';
import { Pty } from './pty.ts';
import { type Launch, runAs } from './run-as.ts';

const size = { cols: 200, rows: 24 };

const run = async (launch: Launch, typed: string): Promise<{ text: string; result: ExitResult }> => {
  let text = '';
  const result = await new Promise<ExitResult>((onEnd) => {
    const onOutput = (bytes: Uint8Array): void => {
      text += Buffer.from(bytes).toString();
    };
    new Pty(launch, size, { onOutput, onEnd }).write(Buffer.from(typed));
  });
  return { text, result };
};

/** The ways to start without root. The way with su is tested in containers (e2e/containers/login.containers.ts). */
const tools = { ...(await findLoginTools()), su: undefined };
const { uid } = os.userInfo();
const login = (shell: string, changes: Partial<typeof tools> = {}): Launch =>
  runAs(
    { kind: 'login' },
    { user: { ...ownUser(), shell, home: '/' }, processUid: uid, allowSudo: true, tools: { ...tools, ...changes } },
  );

describe.runIf(process.platform === 'linux')('a started shell', () => {
  const ways = [
    ['with bash', {}],
    ['without bash', { bash: undefined }],
  ] as const;

  it.each(ways)(
    'has no way to the terminals of others, and the limit of files of a login, %s',
    async (_name, changes) => {
      const quiet = { onOutput: () => undefined, onEnd: () => undefined };
      const other = new Pty({ file: '/bin/sleep', args: ['60'], env: {}, cwd: '/' }, size, quiet);
      const { text, result } = await run(
        login('/bin/sh', changes),
        'ls -l /proc/$$/fd; ulimit -Sn; grep SigIgn /proc/self/status; exit 4\n',
      );
      expect(text).not.toContain('ptmx');
      expect(text).toContain('2 -> /dev/pts');
      expect(text).toContain('1024\r\n');
      expect(text).toContain('SigIgn:\t0000000000000000');
      expect(result).toEqual({ exitCode: 4, signal: undefined });
      other.kill('SIGKILL');
    },
  );

  it('is a login shell by the dash in its name, not by an option that some shells lack', async () => {
    const { text } = await run(login('/bin/cat'), '\u0004');
    expect(text).not.toMatch(/invalid option/);
    expect((await run(login('/bin/sh'), 'echo "[$0]"; exit\n')).text).toContain('[-sh]');
  });

  it('reports that the home folder cannot be entered, and starts in /', async () => {
    const user = { ...ownUser(), shell: '/bin/sh', home: '/nowhere' };
    const launch = runAs({ kind: 'login' }, { user, processUid: uid, allowSudo: true, tools });
    const { text } = await run(launch, 'echo "in [$PWD]"; exit\n');
    expect(text).toContain('Could not chdir to home directory /nowhere: No such file or directory\r\n');
    expect(text).toContain('in [/]');
  });

  it('reports the signal that ended it', async () => {
    expect((await run(login('/bin/sh'), 'kill -9 $$\n')).result).toEqual({ exitCode: undefined, signal: 'SIGKILL' });
  });
});
