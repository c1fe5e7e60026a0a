import type { ServerChannel } from 'ssh2';
import type { ExitResult } from '../shell/controlled-start.ts';

/** The program of a session channel. */
export type SshProgram = {
  /** How it ended, after its output. Undefined: it was not started, and the user has a message about it. */
  readonly ended: Promise<ExitResult | undefined>;
  resize?(size: { cols: number; rows: number }): void;
  signal(signal: NodeJS.Signals): void;
  /** Its channel is closed. */
  hangUp(): void;
  /** Whether processes in the background have outlived it. */
  isLeft(): boolean;
  /** Ends it with all processes that it started. */
  kill(): Promise<void>;
  /** The connection has ended. Its processes in the background go on. */
  leave(): void;
};

/** The exit code of what was refused, or could not be started. */
export const refusedExitCode = 254;

/** Reports the end of a program, and closes the channel. */
export const finish = (channel: ServerChannel, { exitCode, signal }: ExitResult): void => {
  // Without either, as after the loss of the process, ssh exits with 255.
  if (signal !== undefined) channel.exit(signal.replace(/^SIG/, ''), false, '');
  else if (exitCode !== undefined) channel.exit(exitCode);
  channel.end();
};

/** Writes the reason to stderr. */
export const refuse = (channel: ServerChannel, message: string): void => {
  channel.resume();
  channel.stderr.write(`WebXTerm: ${message}\n`);
  finish(channel, { exitCode: refusedExitCode, signal: undefined });
};
