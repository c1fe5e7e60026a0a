import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '@webxterm/stack';

const main = fileURLToPath(new URL('../../clients/agent/src/main.ts', import.meta.url));

export interface AgentRun {
  readonly process: ChildProcess;
  /** Everything it printed so far. */
  text(): string;
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

/** The agent's command line as a person runs it, with a configuration folder of its own. */
export class VsayAgent {
  /** Also the home of its shells: one without login scripts, which may take long, and may wait for each other. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'vsay-agent-'));
  readonly config = join(this.#folder, 'agent.yaml');

  run(...args: string[]): AgentRun {
    const child = spawn('env', [`HOME=${this.#folder}`, process.execPath, main, ...args, '--config', this.config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithUs(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text += String(chunk);
      });
    const exited = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
    return {
      process: child,
      text: () => text,
      exited,
      stop: async () => {
        child.kill('SIGTERM');
        await exited;
      },
    };
  }

  /** Runs to the end. */
  async finish(...args: string[]): Promise<{ code: number | null; text: string }> {
    const run = this.run(...args);
    const code = await run.exited;
    return { code, text: run.text() };
  }
}
