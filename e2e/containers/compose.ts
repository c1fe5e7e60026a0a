import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { docker, inspect } from './docker.ts';

const run = promisify(execFile);
export const projectFolder = fileURLToPath(new URL('../..', import.meta.url));

/** Where an installation is described. */
export interface ComposeFiles {
  readonly folder: string;
  readonly names: readonly string[];
}

export const composeFiles: ComposeFiles = { folder: projectFolder, names: ['docker-compose.yml'] };

/** Kills with -9 the service's own process, which its container starts again; `docker kill` would count as the operator's wish. */
const killOwnProcess = `
  const { readdirSync, readFileSync } = require('node:fs');
  for (const pid of readdirSync('/proc').filter(Number))
    if (Number(pid) !== process.pid && readFileSync('/proc/' + pid + '/cmdline', 'latin1').split('\\0').includes('src/main.ts'))
      process.kill(Number(pid), 'SIGKILL');`;

/** A bound for what has gone wrong, not a measure: on a machine that is busy with other things a container takes its time. */
const withinMs = 300_000;

const restarts = async (id: string): Promise<number> => Number(await inspect(id, '{{.RestartCount}}'));

/** The actions of an operator on a running installation, by the command line of Docker. */
export class Compose {
  readonly #project: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #files: ComposeFiles;

  constructor(project: string, environment: Readonly<Record<string, string>>, files = composeFiles) {
    this.#project = project;
    this.#environment = environment;
    this.#files = files;
  }

  async command(...args: string[]): Promise<string> {
    const files = this.#files.names.flatMap((name) => ['--file', join(this.#files.folder, name)]);
    const all = ['compose', '--project-name', this.#project, ...files, ...args];
    const { stdout } = await run('env', [...this.#settings(), 'docker', ...all], { maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  }

  /** The administrator, as the set-up program prints it for the operator. */
  async admin(): Promise<{ email: string; password: string }> {
    const reported = await this.command('run', '--rm', '--no-deps', 'secrets', 'admin');
    const [email = '', password = ''] = reported.split('\n');
    return { email, password };
  }

  /** Volumes by the names of docker-compose.yml. */
  volume(name: string): string {
    return `${this.#project}_${name}`;
  }

  /** Container ids, the oldest first. */
  async instances(service: string): Promise<string[]> {
    return (await this.command('ps', '--quiet', service)).split('\n').filter((id) => id !== '');
  }

  /** Each instance in turn, the next one once the one before is healthy. */
  async roll(service: string): Promise<void> {
    for (const id of await this.instances(service)) {
      await docker('restart', id);
      await this.healthy(id);
    }
  }

  async killEach(service: string): Promise<void> {
    for (const id of await this.instances(service)) await this.kill(id);
  }

  /** As if its machine were lost: Docker takes the kill for the operator's wish, and leaves it dead until `comeBack`. */
  async lose(service: string): Promise<void> {
    for (const id of await this.instances(service)) await docker('kill', '--signal', 'KILL', id);
  }

  async comeBack(service: string): Promise<void> {
    await this.command('start', service);
    for (const id of await this.instances(service)) await this.healthy(id);
  }

  /** The output of a program in the service's container. */
  inside(service: string, ...program: string[]): Promise<string> {
    return this.command('exec', '--no-TTY', service, ...program);
  }

  /** Resolves once Docker has started it again and it is healthy. */
  async kill(id: string): Promise<void> {
    const before = await restarts(id);
    await docker('exec', id, 'node', '-e', killOwnProcess);
    // Docker detects the end after a moment. Until then it reports the previous health.
    await this.#until(id, 'started again', async () => (await restarts(id)) > before);
    await this.healthy(id);
  }

  /** The container of each instance of these services, to see which ones were replaced. */
  async containers(services: readonly string[]): Promise<Record<string, string[]>> {
    const found = services.map(async (service) => [service, (await this.instances(service)).sort()] as const);
    return Object.fromEntries(await Promise.all(found));
  }

  /** By the program that the operator runs, with the images that are there. @returns what it said, a line for each service */
  async upgrade(): Promise<string[]> {
    const files = this.#files.names.flatMap((name) => ['--file', join(this.#files.folder, name)]);
    const program = join(this.#files.folder, 'scripts/upgrade-compose.sh');
    const all = [program, '--no-build', '--project-name', this.#project, ...files];
    const { stdout } = await run('env', [...this.#settings(), ...all]);
    return stdout.split('\n').filter((line) => line !== '');
  }

  scale(service: string, count: number): Promise<string> {
    return this.command('up', '--detach', '--no-recreate', '--wait', '--scale', `${service}=${count}`, service);
  }

  /** @throws Error with what its health checks and its log said last */
  healthy(id: string): Promise<void> {
    return this.#until(id, 'healthy', async () => {
      const format = '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}';
      return (await inspect(id, format)) === 'running healthy';
    });
  }

  async #until(id: string, what: string, found: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await found())) {
      if (performance.now() > deadline)
        throw new Error(`not ${what} after ${withinMs / 1000} s: ${await this.#lastWords(id)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #lastWords(id: string): Promise<string> {
    const state = await run('docker', ['inspect', '--format', '{{.Name}} {{json .State}}', id]);
    const log = await run('docker', ['logs', '--timestamps', '--tail', '20', id]);
    return `${state.stdout}${log.stdout}${log.stderr}`;
  }

  #settings(): string[] {
    return Object.entries(this.#environment).map(([name, value]) => `${name}=${value}`);
  }
}
