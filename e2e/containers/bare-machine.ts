import { join } from 'node:path';
import { projectFolder } from './compose.ts';
import { docker } from './docker.ts';
import { imageOf } from './images.ts';

export interface BareMachineOptions {
  /** For the tag of its image. */
  readonly name: string;
  /** The image of a Debian or Ubuntu. */
  readonly base: string;
  readonly platform?: string;
  /** Debian packages besides curl and the public CAs. */
  readonly packages?: readonly string[];
  /** Options of `docker run`. */
  readonly rights?: readonly string[];
  /** Its first process. Default: one that does nothing. */
  readonly program?: readonly string[];
}

/** Bytes of memory of a process: resident, and of these the bytes that no file holds and no other process shares. */
interface Memory {
  readonly resident: number;
  readonly own: number;
}

const bytesIn = (status: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;

/** A machine in a container: a shell, curl, the public CAs, and the user ubuntu. */
export class BareMachine {
  readonly #id: string;

  private constructor(id: string) {
    this.#id = id;
  }

  static async start(options: BareMachineOptions): Promise<BareMachine> {
    const { name, base, platform, packages = [], rights = ['--init'], program = ['sleep', 'infinity'] } = options;
    const image = imageOf(`bare-machine-${name}`);
    const where = platform === undefined ? [] : ['--platform', platform];
    const args = ['--build-arg', `BASE=${base}`, '--build-arg', `PACKAGES=${packages.join(' ')}`];
    const folder = join(projectFolder, 'e2e/containers/bare-machine');
    await docker('build', '--quiet', ...where, '--tag', image, ...args, folder);
    const run = ['run', '--detach', '--rm', '--hostname', name, ...where, ...rights, image, ...program];
    return new BareMachine((await docker(...run)).trim());
  }

  /** @throws Error with its output if it ends with another code than 0 */
  sh(script: string, user = 'root'): Promise<string> {
    // As a login: the home folder is that of the user.
    const home = user === 'root' ? '/root' : `/home/${user}`;
    return docker('exec', '--user', user, '--env', `HOME=${home}`, '--workdir', home, this.#id, 'sh', '-c', script);
  }

  /** Bytes on disk. */
  async sizeOf(folder: string): Promise<number> {
    return Number((await this.sh(`du -sxk ${folder}`)).split('\t')[0]) * 1024;
  }

  async memoryOf(pid: number): Promise<Memory> {
    const status = await this.sh(`cat /proc/${pid}/status`);
    return { resident: bytesIn(status, 'VmRSS'), own: bytesIn(status, 'RssAnon') };
  }

  async remove(): Promise<void> {
    await docker('rm', '--force', this.#id);
  }
}
