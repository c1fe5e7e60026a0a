import { spawn } from 'node:child_process';

export interface RunOptions {
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Receives each chunk of output, for progress messages. */
  readonly onOutput?: ((text: string) => void) | undefined;
}

/** Amount of output that is kept for the error message. */
const keptCharacters = 64 * 1024;

/**
 * Runs a program to its end and returns its output.
 * @throws Error with its last line of output if it cannot be started, fails, or exceeds the time limit
 */
export const runProgram = (program: string, args: readonly string[], options: RunOptions): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      env: options.environment,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        text = (text + chunk.toString()).slice(-keptCharacters);
        options.onOutput?.(chunk.toString());
      });
    child.on('error', (error) => reject(new Error(`${program} cannot be run: ${error.message}`, { cause: error })));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(text);
      const last = text.trim().split('\n').at(-1) ?? '';
      reject(new Error(`${program} ended with ${code ?? signal}${last === '' ? '' : `: ${last}`}`));
    });
  });
