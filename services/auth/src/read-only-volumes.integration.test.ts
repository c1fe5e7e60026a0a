import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { isolatedSettings } from '@webxterm/stack';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type AuthUnderTest,
  startAuthInstance,
  startTestServers,
  type TestServers,
} from './testing/auth-under-test.ts';
import { expectRecovery, recoveryWithin } from './testing/recovery.ts';

/** Making a volume read-only for two processes alone needs a mount namespace, and that needs root. */
const mayMount = (): boolean => {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Both servers, in a mount namespace of their own that lives as long as `holder`. */
class ServersOnAVolume {
  readonly #folder = mkdtempSync(join(tmpdir(), 'webxterm-volume-'));
  #holder: ChildProcess | undefined;
  #servers: TestServers | undefined;

  async start(): Promise<TestServers> {
    const programs = await realPrograms();
    const mount = 'mount --bind "$1" "$1" && echo mounted && exec sleep infinity';
    const holder = spawn('unshare', ['--mount', 'sh', '-c', mount, 'sh', this.#folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#holder = holder;
    await once(holder.stdout, 'data');
    const bin = join(this.#folder, 'bin');
    mkdirSync(bin);
    for (const [name, path] of programs) {
      const script = `#!/bin/sh\nexec nsenter --mount=/proc/${holder.pid}/ns/mnt -- ${path} "$@"\n`;
      writeFileSync(join(bin, name), script, { mode: 0o755 });
    }
    vi.stubEnv('PATH', [bin, isolatedSettings(this.#folder).environment.PATH].join(delimiter));
    vi.stubEnv('TMPDIR', this.#folder);
    this.#servers = await startTestServers();
    return this.#servers;
  }

  /** The kernel makes no mount read-only on which a file is open for writing, so both servers are killed first. */
  async makeReadOnly(): Promise<void> {
    await vi.waitFor(() => {
      for (const { pid } of [this.#servers?.mongod, this.#servers?.nats].filter((server) => server !== undefined))
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      this.#remount('ro');
    }, recoveryWithin);
  }

  makeWritable(): void {
    this.#remount('rw');
  }

  async stop(): Promise<void> {
    await this.#servers?.stop();
    this.#holder?.kill('SIGKILL');
    vi.unstubAllEnvs();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #remount(mode: 'ro' | 'rw'): void {
    const mount = ['mount', '-o', `remount,bind,${mode}`, this.#folder];
    execFileSync('nsenter', [`--mount=/proc/${this.#holder?.pid}/ns/mnt`, '--', ...mount], { stdio: 'ignore' });
  }
}

const realPrograms = async (): Promise<[string, string][]> => {
  const plain = await startTestServers();
  const path = (pid: number | undefined): string => readlinkSync(`/proc/${pid}/exe`);
  const found: [string, string][] = [
    ['mongod', path(plain.mongod.pid)],
    ['nats-server', path(plain.nats.pid)],
  ];
  await plain.stop();
  return found;
};

/** A file system of its own needs a loop device, and an ext4 whose driver can be set to report an error. */
const mayMountFiles = (): boolean =>
  mayMount() && existsSync('/dev/loop-control') && existsSync('/sys/fs/ext4') && existsSync('/usr/sbin/mkfs.ext4');

/** A file system that only the mount namespace of a process of its own has. */
class OwnMount {
  readonly #volume: string;
  readonly #holder: ChildProcess;

  private constructor(volume: string, holder: ChildProcess) {
    this.#volume = volume;
    this.#holder = holder;
  }

  /** Mounts by `mount` with these words on the new folder `volume`. */
  static async make(volume: string, ...words: string[]): Promise<OwnMount> {
    mkdirSync(volume);
    const script = 'mount "$@" && echo mounted && exec sleep infinity';
    const holder = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', ...words, volume], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return new OwnMount(volume, holder);
  }

  /** The path by which a process of another mount namespace comes to the file system. */
  get path(): string {
    return join(`/proc/${this.#holder.pid}/root`, this.#volume);
  }

  inside(program: string, ...words: string[]): string {
    return execFileSync('nsenter', [`--mount=/proc/${this.#holder.pid}/ns/mnt`, '--', program, ...words]).toString();
  }

  end(): void {
    this.#holder.kill('SIGKILL');
  }
}

/** Both servers, with only their data on this file system. */
const startOn = async (mount: OwnMount, dataDir: string): Promise<TestServers> => {
  mkdirSync(dataDir, { mode: 0o700 });
  for (const server of ['mongo', 'nats']) {
    const there = join(mount.path, server);
    mkdirSync(there, { mode: 0o700 });
    symlinkSync(there, join(dataDir, server));
  }
  return startTestServers(dataDir);
};

/** Both servers with their data on an ext4 of its own. */
class ServersOnAFileSystem {
  readonly #folder = mkdtempSync(join(tmpdir(), 'webxterm-ext4-'));
  readonly #image = join(this.#folder, 'image');
  readonly #volume = join(this.#folder, 'volume');
  readonly #options = ['-o', 'loop,errors=remount-ro', this.#image];
  #mount: OwnMount | undefined;
  #servers: TestServers | undefined;

  async start(): Promise<TestServers> {
    writeFileSync(this.#image, '');
    truncateSync(this.#image, 2 * 1024 ** 3);
    execFileSync('/usr/sbin/mkfs.ext4', ['-q', '-F', this.#image]);
    this.#mount = await OwnMount.make(this.#volume, ...this.#options);
    this.#servers = await startOn(this.#mount, join(this.#folder, 'data'));
    return this.#servers;
  }

  /** As after an error of the disk: files that are open for writing can no longer be written. */
  makeReadOnly(): void {
    const device = this.#mount?.inside('findmnt', '-no', 'SOURCE', this.#volume).trim() ?? '';
    writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, '1');
  }

  /** As an operator does: checks the file system and mounts it again. That needs that no server has a file open. */
  async makeWritable(): Promise<void> {
    await Promise.all([this.#servers?.mongod.stop(), this.#servers?.nats.stop()]);
    await vi.waitFor(() => this.#mount?.inside('umount', this.#volume), recoveryWithin);
    try {
      execFileSync('/usr/sbin/e2fsck', ['-p', '-f', this.#image], { stdio: 'ignore' });
    } catch (error) {
      // 1: errors were corrected.
      if (!(error instanceof Error && 'status' in error && error.status === 1)) throw error;
    }
    this.#mount?.inside('mount', ...this.#options, this.#volume);
    await Promise.all([this.#servers?.mongod.start(), this.#servers?.nats.start()]);
  }

  async stop(): Promise<void> {
    await this.#servers?.stop();
    this.#mount?.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Both servers with their data on a file system of 800 MB, more than half of which they take at their start. */
class ServersOnASmallDisk {
  readonly #folder = mkdtempSync(join(tmpdir(), 'webxterm-tmpfs-'));
  #filling: NodeJS.Timeout | undefined;
  #mount: OwnMount | undefined;
  #servers: TestServers | undefined;

  async start(): Promise<TestServers> {
    this.#mount = await OwnMount.make(join(this.#folder, 'volume'), '-t', 'tmpfs', '-o', 'size=800m', 'tmpfs');
    this.#servers = await startOn(this.#mount, join(this.#folder, 'data'));
    return this.#servers;
  }

  /**
   * Takes all space, and keeps it: a server that exits and starts again gives some back. mongod still has the space that its journal reserved:
   * large writes are made until one does not fit.
   */
  async fill(): Promise<void> {
    this.#takeSpace();
    this.#filling = setInterval(() => this.#takeSpace(), 100);
    const filler = this.#servers?.database.collection('filler');
    await expect(
      (async () => {
        for (;;) await filler?.insertOne({ bytes: randomBytes(8_000_000) });
      })(),
    ).rejects.toThrow();
  }

  empty(): void {
    clearInterval(this.#filling);
    rmSync(this.#ballast);
  }

  async stop(): Promise<void> {
    clearInterval(this.#filling);
    await this.#servers?.stop();
    this.#mount?.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #takeSpace(): void {
    const piece = Buffer.alloc(1024 * 1024);
    const file = openSync(this.#ballast, 'a');
    expect(() => {
      for (;;) writeSync(file, piece);
    }).toThrow('ENOSPC');
    closeSync(file);
  }

  get #ballast(): string {
    return join(this.#mount?.path ?? '', 'ballast');
  }
}

const away = { ok: false, detail: expect.stringContaining('that its disk has space and is writable') };

const byMode = (volume: ServersOnAVolume | ServersOnAFileSystem) => ({
  hurt: () => volume.makeReadOnly(),
  heal: () => volume.makeWritable(),
  named: { mongodb: away, nats: away },
});

/** Starts auth on servers on this volume before the tests of a block. */
const authOn = (volume: Pick<ServersOnAVolume, 'start' | 'stop'>): (() => AuthUnderTest) => {
  let auth: AuthUnderTest | undefined;
  beforeAll(async () => {
    auth = await startAuthInstance(await volume.start());
  }, 60_000);
  afterAll(async () => {
    await auth?.stop();
    await volume.stop();
  });
  return () => {
    if (auth === undefined) throw new Error('auth was not started');
    return auth;
  };
};

describe.runIf(mayMount())('MongoDB and NATS whose volumes became read-only', () => {
  const volume = new ServersOnAVolume();
  const auth = authOn(volume);

  it('are named by readiness with the remedy, sign-in is 503, and all recover by themselves', async () => {
    await expectRecovery(auth(), byMode(volume));
  }, 180_000);
});

describe.runIf(mayMountFiles())('MongoDB and NATS whose file system becomes read-only while they run', () => {
  const volume = new ServersOnAFileSystem();
  const auth = authOn(volume);

  it('are named by readiness with the remedy, sign-in is 503, and all recover when it is mounted again', async () => {
    await expectRecovery(auth(), byMode(volume));
  }, 180_000);
});

describe.runIf(mayMount())('MongoDB and NATS whose disk becomes full', () => {
  const volume = new ServersOnASmallDisk();
  const auth = authOn(volume);

  it('are named by readiness with the remedy, sign-in is 503, and all recover when it has space', async () => {
    const signins = { ok: false, detail: expect.stringContaining('its free disk space') };
    await expectRecovery(auth(), {
      hurt: () => volume.fill(),
      heal: () => volume.empty(),
      named: { mongodb: away, signins },
      // mongod can write to the journal that it reserved until its next checkpoint, which it makes every minute.
      namedWithin: 100_000,
    });
  }, 180_000);
});
