import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

/** Kills with -9 the service's own process, which its container starts again; `docker kill` would count as the operator's wish. */
const killOwnProcess = `
  const { readdirSync, readFileSync } = require('node:fs');
  for (const pid of readdirSync('/proc').filter(Number))
    if (Number(pid) !== process.pid && readFileSync('/proc/' + pid + '/cmdline', 'latin1').split('\\0').includes('src/main.ts'))
      process.kill(Number(pid), 'SIGKILL');`;

/** What an operator does to a running installation, by the command line of Docker. */
export class Compose {
  readonly #project: string;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(project: string, environment: Readonly<Record<string, string>>) {
    this.#project = project;
    this.#environment = environment;
  }

  async command(...args: string[]): Promise<string> {
    const all = ['compose', '--project-name', this.#project, '--project-directory', projectFolder, ...args];
    const { stdout } = await run('env', [...this.#settings(), 'docker', ...all], { maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  }

  /** Container ids, the oldest first. */
  async instances(service: string): Promise<string[]> {
    return (await this.command('ps', '--quiet', service)).split('\n').filter((id) => id !== '');
  }

  /** Each instance in turn, the next one once the one before is healthy. */
  async roll(service: string): Promise<void> {
    for (const id of await this.instances(service)) {
      await run('docker', ['restart', id]);
      await this.healthy(id);
    }
  }

  async killEach(service: string): Promise<void> {
    for (const id of await this.instances(service)) {
      await run('docker', ['exec', id, 'node', '-e', killOwnProcess]);
      await this.healthy(id);
    }
  }

  scale(service: string, count: number): Promise<string> {
    return this.command(
      'up',
      '--detach',
      '--no-deps',
      '--no-recreate',
      '--wait',
      '--scale',
      `${service}=${count}`,
      service,
    );
  }

  async healthy(id: string): Promise<void> {
    const deadline = performance.now() + 90_000;
    for (;;) {
      const format = '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}';
      const { stdout } = await run('docker', ['inspect', '--format', format, id]);
      if (stdout.trim() === 'running healthy') return;
      if (performance.now() > deadline) throw new Error(`${id} is ${stdout.trim()} after 90 s`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  #settings(): string[] {
    return Object.entries(this.#environment).map(([name, value]) => `${name}=${value}`);
  }
}
