import { spawn } from 'node:child_process';
import type { Command, CommandOutput } from '@webxterm/contracts/grpc';
import { describeError } from '../failure.ts';
import { findUser } from '../shell/linux-user.ts';
import type { ShellAccount } from '../shell/login-shell.ts';
import { runAs } from '../shell/run-as.ts';

/** Bounds for what the hub leaves open, and most that it may ask for. */
const defaultTimeoutMs = 30_000;
const maxTimeoutMs = 600_000;
const maxOutput = 512 * 1024;
/** What ignores SIGTERM is killed this much later. */
const killAfterMs = 2000;

const nothing = (commandId: string): CommandOutput => ({
  commandId,
  stdout: Buffer.alloc(0),
  stderr: Buffer.alloc(0),
  exitCode: -1,
  signal: '',
  timedOut: false,
  truncated: false,
  error: '',
  errorCode: '',
});

/** Keeps the first bytes of a stream and notes that there were more. */
const collector = (limit: number) => {
  const chunks: Buffer[] = [];
  let size = 0;
  let truncated = false;
  return {
    take: (chunk: Buffer): void => {
      const part = chunk.subarray(0, limit - size);
      truncated ||= part.length < chunk.length;
      size += part.length;
      if (part.length > 0) chunks.push(part);
    },
    get bytes(): Buffer {
      return Buffer.concat(chunks);
    },
    get truncated(): boolean {
      return truncated;
    },
  };
};

/**
 * Runs a command line in the Linux user's shell, without a terminal. Never rejects: what goes wrong is in `error`.
 * stdout and stderr keep half of the allowed output each; when its time is over the whole process group is ended.
 */
export const runCommand = async (command: Command, account: ShellAccount): Promise<CommandOutput> => {
  const result = nothing(command.commandId);
  try {
    const user = await findUser(account.linuxUser);
    if (user === undefined) throw new Error(`There is no user ${account.linuxUser} on this machine.`);
    const launch = runAs([user.shell, '-c', command.command], { user, ...account });
    return await supervise(launch, command, result);
  } catch (error) {
    return { ...result, error: describeError(error), errorCode: 'command_not_run' };
  }
};

const supervise = (
  launch: ReturnType<typeof runAs>,
  command: Command,
  result: CommandOutput,
): Promise<CommandOutput> => {
  const limit = Math.floor(Math.min(command.maxOutputBytes || maxOutput, maxOutput) / 2);
  const timeoutMs = Math.min(command.timeoutMs || defaultTimeoutMs, maxTimeoutMs);
  const stdout = collector(limit);
  const stderr = collector(limit);
  const { promise, resolve, reject } = Promise.withResolvers<CommandOutput>();
  const { file, args, env, cwd } = launch;
  const child = spawn(file, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // ESRCH: the group is gone already.
    }
  };
  let timedOut = false;
  let killTimer: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    timedOut = true;
    signalGroup('SIGTERM');
    killTimer = setTimeout(() => {
      signalGroup('SIGKILL');
      // A grandchild in a group of its own may still hold the pipes.
      child.stdout.destroy();
      child.stderr.destroy();
    }, killAfterMs);
  }, timeoutMs);
  const done = (): void => {
    clearTimeout(timer);
    clearTimeout(killTimer);
  };
  child.stdout.on('data', stdout.take);
  child.stderr.on('data', stderr.take);
  child.on('error', (error) => {
    done();
    reject(error);
  });
  child.on('close', (code, signal) => {
    done();
    const truncated = stdout.truncated || stderr.truncated;
    const output = { stdout: stdout.bytes, stderr: stderr.bytes, timedOut, truncated };
    resolve({ ...result, ...output, exitCode: code ?? -1, signal: signal ?? '' });
  });
  return promise;
};
