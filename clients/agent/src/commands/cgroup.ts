import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Mount points of the control group hierarchies: cgroups(7). */
type Mounts = { v2: string | undefined; systemd: string | undefined };

/** Parses mountinfo, see proc(5). The file system type follows " - ". */
export const parseMounts = (mountinfo: string): Mounts => {
  const mounts: Mounts = { v2: undefined, systemd: undefined };
  for (const line of mountinfo.split('\n')) {
    const [place, kind] = line.split(' - ');
    const [, , , root, folder] = (place ?? '').split(' ');
    if (root !== '/' || folder === undefined) continue;
    if (kind?.startsWith('cgroup2 ')) mounts.v2 ??= folder;
    if (kind?.startsWith('cgroup ') && /(^|[ ,])name=systemd(,|$)/.test(kind)) mounts.systemd ??= folder;
  }
  return mounts;
};

/** The folder of a process's control group, from its /proc/PID/cgroup. Undefined if none is visible. */
export const folderIn = (mounts: Mounts, cgroup: string): string | undefined => {
  for (const line of cgroup.trim().split('\n')) {
    const [id, controllers, ...rest] = line.split(':');
    const inside = rest.join(':');
    if (inside.includes('/..')) continue;
    if (id === '0' && controllers === '' && mounts.v2 !== undefined) return path.join(mounts.v2, inside);
    if (controllers === 'name=systemd' && mounts.v2 === undefined && mounts.systemd !== undefined) {
      return path.join(mounts.systemd, inside);
    }
  }
  return undefined;
};

export const cgroupOf = (pid: number): string | undefined => {
  try {
    const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
    return folderIn(mounts, readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch {
    return undefined;
  }
};

const groupName = (command: string): string => `command-${command}`;

/** A scope that logind creates for one login. */
const scope = /\/session-[^/]+\.scope$/;

/** A control group with the processes of one command only: a scope created by logind, or a group created by the agent. */
export class CommandCgroup {
  readonly #folder: string;
  readonly #own: boolean;

  private constructor(folder: string, own: boolean) {
    this.#folder = folder;
    this.#own = own;
  }

  /**
   * The logind scope of the command's process, or a new group below the agent's if the process is in the agent's group. Undefined if there
   * is neither.
   */
  static around(pid: number, name: string): CommandCgroup | undefined {
    const folder = cgroupOf(pid);
    const agents = cgroupOf(process.pid);
    if (folder === undefined || agents === undefined) return undefined;
    if (folder !== agents) return scope.test(folder) ? new CommandCgroup(folder, false) : undefined;
    try {
      const made = path.join(agents, groupName(name));
      mkdirSync(made);
      const group = new CommandCgroup(made, true);
      writeFileSync(path.join(made, 'cgroup.procs'), `${pid}`);
      return group;
    } catch {
      return undefined;
    }
  }

  /** The control group of a command whose agent was killed. */
  static at(folder: string): CommandCgroup {
    return new CommandCgroup(folder, !scope.test(folder));
  }

  /** The folder of the group that an agent created for the command `name`, if the process is in it. */
  static madeFor(pid: number, name: string): string | undefined {
    const folder = cgroupOf(pid);
    const parts = folder?.split('/') ?? [];
    const place = parts.indexOf(groupName(name));
    return place === -1 ? undefined : parts.slice(0, place + 1).join('/');
  }

  get folder(): string {
    return this.#folder;
  }

  pids(folder = this.#folder): number[] {
    try {
      const here = readFileSync(path.join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
      const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      return [...here, ...below.flatMap(({ name }) => this.pids(path.join(folder, name)))];
    } catch {
      return [];
    }
  }

  /** Kills all processes atomically, if the kernel can (5.14), so none can fork meanwhile. */
  kill(): void {
    const file = path.join(this.#folder, 'cgroup.kill');
    try {
      if (existsSync(file)) writeFileSync(file, '1');
    } catch {
      // The group is already gone.
    }
  }

  remove(): void {
    try {
      if (this.#own) rmdirSync(this.#folder);
    } catch {
      // A process is still in the group, or the group is gone.
    }
  }
}
