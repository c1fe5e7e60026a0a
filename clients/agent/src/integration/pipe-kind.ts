import { spawn } from 'node:child_process';
import os from 'node:os';
import type { BytesKind } from '../session/session-kind.ts';

/** Sessions of kind `pipe`: a program with pipes instead of a terminal, for tests of kinds other than `pty`. */
export const pipeKind = (file: string, args: readonly string[]): BytesKind => ({
  name: 'pipe',
  output: 'bytes',
  notStarted: { code: 'command_not_run', what: `the program ${file}` },
  prepare: async () => (events) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], cwd: os.tmpdir() });
    const { stdin, stdout } = child;
    stdin.on('error', () => undefined);
    stdout.on('data', (bytes: Buffer) => events.onOutput(bytes));
    child.on('close', (code, signal) => events.onEnd({ exitCode: code ?? undefined, signal: signal ?? undefined }));
    return {
      write: (bytes) => {
        if (!stdin.writable) return -1;
        if (stdin.writableNeedDrain) return 0;
        stdin.write(bytes);
        return bytes.length;
      },
      pause: () => stdout.pause(),
      resume: () => stdout.resume(),
      hangUp: () => void child.kill('SIGHUP'),
      kill: () => void child.kill('SIGKILL'),
    };
  },
});
