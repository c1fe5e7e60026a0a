import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { bundled } from '../bundled.ts';
import type { Guard } from '../guard/guard.ts';
import type { BytesKind } from '../session/session-kind.ts';
import { prepareProgram, type ShellAccount } from '../shell/login-shell.ts';
import { HelperProcess } from './helper-process.ts';

/** Concurrent helpers of one user, and of all. Each is a Node process of about 50 MB. */
const bounds = { group: 'requests about files', perUser: 6, ofAll: 16 } as const;

/** In the package, the helper is beside the chunks. */
const program = fileURLToPath(new URL(bundled ? './file-helper.js' : '../file-helper/main.ts', import.meta.url));

export type FilesKindOptions = {
  account: ShellAccount;
  /** Identifies this machine's agent in the environment of its helpers. It is the same after a restart. */
  agentTag: string;
  guard: Guard;
  log: Logger;
};

type Named = Pick<BytesKind, 'name'>;

const kindOf = ({ name }: Named, { account, agentTag, guard, log }: FilesKindOptions): BytesKind => ({
  name,
  output: 'bytes',
  endsWithViewer: true,
  bounds,
  notStarted: { code: 'files_not_started', what: 'the helper for files' },
  prepare: async ({ linuxUser }) => {
    const marker = `${agentTag}-${randomBytes(9).toString('hex')}`;
    const args = ['--no-warnings', '--disable-sigusr1', '--max-semi-space-size=1', program, name];
    const helper = { file: process.execPath, args };
    const { launch } = await prepareProgram({ kind: 'helper', program: helper, marker }, account, linuxUser);
    return (events) => {
      const { file, args: all, env, cwd } = launch;
      const child = spawn(file, all, { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
      return new HelperProcess(child, { launch, marker, guard, log, events });
    };
  },
});

/** Sessions of kind `files_read` and `files_write`: one request about files each, done by a process of the account's user. */
export const filesKinds = (options: FilesKindOptions): readonly BytesKind[] => [
  kindOf({ name: 'files_read' }, options),
  kindOf({ name: 'files_write' }, options),
];
