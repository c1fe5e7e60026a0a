import { join } from 'node:path';
import { inject } from 'vitest';
import { projectFolder } from './compose.ts';
import { docker } from './docker.ts';
import { imageOf } from './images.ts';

/** How a shell, or a command, of the agent ended on the machine. */
export interface Outcome {
  readonly refused?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly text?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly error?: string;
  readonly timedOut?: boolean;
}

const node = '/project/node_modules/.bin/node';
const probes = '/project/clients/agent/src/integration';
const probe = `${probes}/login-probe.ts`;

declare module 'vitest' {
  export interface ProvidedContext {
    /** The image of a Debian or Ubuntu. */
    readonly loginMachineBase: string;
  }
}

/** The state of the service after a scenario of service-probe.ts. */
export type ServiceFacts = Readonly<Record<string, unknown>>;

/** A machine with systemd, logind and sshd in a container, and this checkout on it. */
export class LoginMachine {
  readonly #id: string;

  private constructor(id: string) {
    this.#id = id;
  }

  static async start(): Promise<LoginMachine> {
    const image = imageOf('login-machine');
    const folder = join(projectFolder, 'e2e/containers/login-machine');
    await docker('build', '--quiet', '--tag', image, ...['--build-arg', `BASE=${inject('loginMachineBase')}`], folder);
    const rights = ['--privileged', '--cgroupns', 'private', '--tmpfs', '/run', '--tmpfs', '/tmp'];
    const mount = ['--volume', `${projectFolder}:/project:ro`];
    const id = (await docker('run', '--detach', '--rm', ...rights, ...mount, image)).trim();
    const machine = new LoginMachine(id);
    await machine.sh('until systemctl is-system-running --wait | grep -qE "running|degraded"; do sleep 0.2; done');
    return machine;
  }

  /** As root. @throws with what it says when it ends with another status than 0 */
  sh(script: string): Promise<string> {
    return docker('exec', this.#id, 'timeout', '120', 'bash', '-c', script);
  }

  /** Types into a shell that sshd gives. */
  ssh(typed: string): Promise<string> {
    const options = '-tt -o StrictHostKeyChecking=no -o LogLevel=ERROR -o BatchMode=yes';
    return this.sh(`printf '%s\\nexit\\n' ${quoted(typed)} | ssh ${options} dev1@localhost 2>&1 || echo "status $?"`);
  }

  /** Runs a command line as `ssh host LINE` does, with nothing on stdin. */
  async sshCommand(line: string): Promise<{ stdout: string; stderr: string; status: number }> {
    const options = '-o StrictHostKeyChecking=no -o LogLevel=ERROR -o BatchMode=yes';
    const run = `ssh ${options} dev1@localhost ${quoted(line)} </dev/null >/tmp/out 2>/tmp/err`;
    const status = Number(await this.sh(`${run}; echo $?`));
    return { status, stdout: await this.sh('cat /tmp/out'), stderr: await this.sh('cat /tmp/err') };
  }

  /** Types into a shell that the agent gives. */
  shell(user: string, typed: string, sudo = true): Promise<Outcome> {
    return this.#probe('shell', user, sudo, `${typed}\nexit`);
  }

  command(user: string, line: string, { timeoutMs = 20_000, sudo = true } = {}): Promise<Outcome> {
    return this.#probe('command', user, sudo, line, String(timeoutMs));
  }

  /** Runs a scenario of service-probe.ts. */
  async service(scenario: string): Promise<ServiceFacts> {
    return JSON.parse(await this.sh([node, '--no-warnings', `${probes}/service-probe.ts`, scenario].join(' ')));
  }

  async remove(): Promise<void> {
    await docker('rm', '--force', this.#id);
  }

  async #probe(kind: string, user: string, sudo: boolean, ...rest: string[]): Promise<Outcome> {
    const args = [node, '--no-warnings', probe, kind, user, sudo ? 'sudo' : 'confined', ...rest];
    return JSON.parse(await this.sh(args.map(quoted).join(' ')));
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
