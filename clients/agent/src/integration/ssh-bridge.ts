import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { OpenStream } from '@webxterm/contracts/grpc';
import { TcpMessageReader, tcpData, tcpEnd } from '@webxterm/contracts/tcp-messages';
import type { TestHub } from './test-hub.ts';
import { TestViewer } from './test-viewer.ts';

/** Programs of the system that the tests run. */
const programs = { ssh: 'openssh-client', scp: 'openssh-client', sftp: 'openssh-client', rsync: 'rsync', git: 'git' };

/** @throws Error that names what is missing, so that no test is left out unnoticed */
export const requirePrograms = async (): Promise<void> => {
  for (const [program, name] of Object.entries(programs))
    await promisify(execFile)('sh', ['-c', `command -v ${program}`]).catch(() => {
      throw new Error(`These tests need ${program}: install the package ${name}.`);
    });
};

export type Ran = { code: number | null; stdout: Buffer; stderr: string };

/** Lets programs of OpenSSH reach an agent: what `vsay proxy`, the terminal service and the hub do. */
export class SshBridge {
  readonly #hub: TestHub;
  readonly #open: Partial<OpenStream>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'ssh-bridge-'));
  /** Of the connections, in their order. */
  readonly viewers: TestViewer[] = [];
  #port = 0;

  private constructor(hub: TestHub, open: Partial<OpenStream>) {
    this.#hub = hub;
    this.#open = open;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#carry(socket));
  }

  static async start(hub: TestHub, open: Partial<OpenStream> = {}): Promise<SshBridge> {
    const bridge = new SshBridge(hub, open);
    await new Promise<void>((resolve) => bridge.#server.listen(0, '127.0.0.1', resolve));
    const address = bridge.#server.address();
    bridge.#port = typeof address === 'object' && address !== null ? address.port : 0;
    const raw = hub.hellos.at(-1)?.facts?.sshHostKey ?? Buffer.alloc(0);
    const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
    const key = Buffer.concat([part(Buffer.from('ssh-ed25519')), part(raw)]).toString('base64');
    writeFileSync(path.join(bridge.folder, 'known_hosts'), `box ssh-ed25519 ${key}\n`);
    writeFileSync(
      bridge.config,
      [
        'Host box',
        `  HostName 127.0.0.1\n  Port ${bridge.#port}\n  HostKeyAlias box\n  User vsay-default`,
        `  UserKnownHostsFile ${bridge.folder}/known_hosts\n  GlobalKnownHostsFile /dev/null`,
        '  StrictHostKeyChecking yes\n  HostKeyAlgorithms ssh-ed25519\n  IdentityFile none\n  LogLevel ERROR\n',
      ].join('\n'),
    );
    return bridge;
  }

  get config(): string {
    return path.join(this.folder, 'ssh_config');
  }

  get port(): number {
    return this.#port;
  }

  /** Runs a program of OpenSSH, or one that uses ssh. */
  run(program: string, args: readonly string[], input: string | Buffer = ''): Promise<Ran> {
    const own = program === 'ssh' || program === 'scp' || program === 'sftp' ? ['-F', this.config] : [];
    const child = spawn(program, [...own, ...args], {
      // biome-ignore lint/style/noProcessEnv: the programs of this machine
      env: { ...process.env, GIT_SSH_COMMAND: `ssh -F ${this.config}`, LC_ALL: 'C.UTF-8' },
      cwd: this.folder,
    });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => errors.push(bytes));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return new Promise((resolve) =>
      child.on('close', (code) =>
        resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(errors).toString() }),
      ),
    );
  }

  ssh(...args: string[]): Promise<Ran> {
    return this.run('ssh', ['box', ...args]);
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  async #carry(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.pause();
    const viewer = new TestViewer(this.#hub);
    this.viewers.push(viewer);
    const reader = new TcpMessageReader();
    viewer.onOutput = (bytes) => {
      for (const message of reader.push(bytes))
        if (message.type === 'data') socket.write(message.bytes);
        else if (message.type === 'end') socket.end();
        else socket.destroy();
    };
    const rights = ['open', 'command', 'files_read', 'files_write', 'forward'];
    const first = await viewer.attach({ kind: 'ssh', create: true, rights, ...this.#open });
    if (first.type !== 'accepted') {
      socket.destroy();
      return;
    }
    viewer.ack();
    socket.on('data', (bytes) => viewer.type(Buffer.concat(tcpData(bytes))));
    socket.on('end', () => viewer.type(Buffer.from(tcpEnd())));
    socket.resume();
    await viewer.frame('ended');
    socket.destroy();
  }
}
