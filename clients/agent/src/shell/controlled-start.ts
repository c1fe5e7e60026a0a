import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Duplex } from 'node:stream';

/** How a program ended: with an exit code, or by a signal such as `SIGKILL`. */
export type ExitResult = { exitCode: number | undefined; signal: string | undefined };

export const signalName = (number: number): string =>
  Object.entries(os.constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;

/** If signal n ended its child, su exits with 128 + n and names the signal on stderr. After `exit 137` it prints nothing. */
export const exitOf = (code: number | null, signal: string | null, said: string): ExitResult => {
  if (signal !== null) return { exitCode: undefined, signal };
  const byNumber = (code ?? 0) - 128;
  const known = Object.values(os.constants.signals).some((number) => number === byNumber);
  return said.trim() !== '' && known
    ? { exitCode: undefined, signal: signalName(byNumber) }
    : { exitCode: code ?? undefined, signal: undefined };
};

/**
 * The agent's end of the channel of a controlled start. Until the NUL byte it carries messages of su and PAM (such as an expired account or
 * an inaccessible home folder). After it, it carries how the program ended.
 */
export class ControlledStart {
  readonly #channel: Duplex;
  #said = '';
  #arrived = false;

  constructor(channel: Duplex, events: { onNotice(text: string): void; onArrived(): void }) {
    this.#channel = channel;
    channel.on('error', () => undefined);
    channel.on('data', (chunk: Buffer) => {
      const end = this.#arrived ? -1 : chunk.indexOf(0);
      if (this.#arrived) this.#said += chunk.toString();
      else if (end === -1) events.onNotice(chunk.toString());
      else {
        if (end > 0) events.onNotice(chunk.subarray(0, end).toString());
        this.#arrived = true;
        this.#said = chunk.subarray(end + 1).toString();
        events.onArrived();
      }
    });
  }

  /** Whether the program is about to start, and its process is that of the user. */
  get arrived(): boolean {
    return this.#arrived;
  }

  /** Text received after the program's start. */
  get said(): string {
    return this.#said;
  }

  /** Lets a waiting program continue, with these variables besides its own. */
  letGo(environment: Readonly<Record<string, string>> = {}): void {
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\0`);
    this.#channel.write(`${lines.join('')}\0`);
  }

  close(): void {
    this.#channel.destroy();
  }
}

/** The only child of su, or undefined if it has none. */
export const childOf = (pid: number): number | undefined => {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
};
