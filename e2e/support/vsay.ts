import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from '@lydell/node-pty';

const main = fileURLToPath(new URL('../../clients/cli/src/main.ts', import.meta.url));

/** How a run of vsay in a pipe ended. */
export interface VsayRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One computer with vsay: a folder of profiles, and its environment. */
export class Vsay {
  readonly folder = mkdtempSync(join(tmpdir(), 'webxterm-vsay-'));
  readonly #more: Readonly<Record<string, string>>;

  constructor(more: Readonly<Record<string, string>> = {}) {
    this.#more = more;
  }

  get #environment(): Record<string, string> {
    // biome-ignore lint/style/noProcessEnv: the programs of this machine
    return { PATH: process.env.PATH ?? '', HOME: this.folder, TERM: 'xterm-256color', ...this.#more };
  }

  /** Runs it to its end. `input`: its stdin. */
  run(
    args: readonly string[],
    options: { input?: string; environment?: Record<string, string> } = {},
  ): Promise<VsayRun> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [main, ...args],
        { env: { ...this.#environment, ...options.environment }, timeout: 60_000, maxBuffer: 16 * 1024 * 1024 },
        (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
      );
      child.stdin?.end(options.input ?? '');
    });
  }

  /** Runs it in a terminal. */
  start(args: readonly string[], size = { cols: 80, rows: 24 }): VsayTerminal {
    return this.#spawn(process.execPath, [main, ...args], size);
  }

  /** A shell in a terminal, to run {@link commandLine}. */
  startShell(): VsayTerminal {
    return this.#spawn('/bin/sh', [], { cols: 200, rows: 24 });
  }

  /** The words of a shell that run vsay. */
  commandLine(args: readonly string[]): string {
    return [process.execPath, main, ...args].join(' ');
  }

  #spawn(program: string, args: readonly string[], size: { cols: number; rows: number }): VsayTerminal {
    const options = { ...size, env: this.#environment, cwd: this.folder, encoding: null };
    return new VsayTerminal(spawn(program, [...args], options));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** vsay on a pseudo-terminal: the bytes that its user sees. */
export class VsayTerminal {
  readonly ended: Promise<number>;
  readonly #pty: IPty;
  #output = Buffer.alloc(0);
  #over = false;
  #changed: () => void = () => {};

  constructor(pty: IPty) {
    this.#pty = pty;
    pty.onData((bytes) => {
      this.#output = Buffer.concat([this.#output, Buffer.from(bytes)]);
      this.#changed();
    });
    this.ended = new Promise((resolve) => {
      pty.onExit(({ exitCode }) => {
        this.#over = true;
        this.#changed();
        resolve(exitCode);
      });
    });
  }

  text(): string {
    return this.#output.toString('latin1');
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(cols: number, rows: number): void {
    this.#pty.resize(cols, rows);
  }

  async until(what: string, found: () => boolean, timeoutMs = 30_000): Promise<void> {
    const late = AbortSignal.timeout(timeoutMs);
    while (!found()) {
      await new Promise<void>((resolve, reject) => {
        const fail = (why: string): void =>
          reject(new Error(`${what}: ${why}, after ${JSON.stringify(this.text().slice(-500))}`));
        if (this.#over) return fail('vsay has ended');
        this.#changed = resolve;
        late.onabort = () => fail(`not within ${timeoutMs} ms`);
      });
    }
  }

  untilText(text: string, timeoutMs?: number): Promise<void> {
    return this.until(JSON.stringify(text), () => this.text().includes(text), timeoutMs);
  }

  /** Runs a line and waits until it is done; its echo cannot be mistaken for the mark. */
  async line(line: string): Promise<void> {
    const mark = `done${Math.random().toString(36).slice(2)}`;
    this.type(`${line}; printf '%s.%s\\n' ${mark} x\r`);
    await this.untilText(`${mark}.x`);
  }
}
