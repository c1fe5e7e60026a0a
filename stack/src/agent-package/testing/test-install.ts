import { type ChildProcess, spawn } from 'node:child_process';
import { sign } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { TestHub } from '../../../../clients/agent/src/integration/test-hub.ts';
import { type GatewayProcess, startGateway } from '../../../../services/gateway/src/testing/gateway-process.ts';
import { projectFolder } from '../../project-folder.ts';
import { type Bundle, bundleAgent } from '../bundle.ts';
import { type Channel, type Manifest, parseManifest, renderManifest } from '../manifest.ts';
import { publishInstaller } from '../publish.ts';
import { keepReleaseKey } from '../release-key.ts';
import { publishTestRelease } from '../test-release.ts';

/** A gateway that publishes releases of the agent, a hub, and for each test a folder that is a machine. Its processes end with the test. */
export class TestInstall {
  readonly user = userInfo().username;
  readonly #published = mkdtempSync(join(tmpdir(), 'install-published-'));
  readonly key = keepReleaseKey(join(this.#published, 'key', 'release-key.pem'));
  readonly release = join(this.#published, 'release');
  readonly hub = new TestHub();
  /** The folder that is the machine of the current test. */
  machine = '';
  pids: number[] = [];
  #bundle: Bundle | undefined;
  #gateway: GatewayProcess | undefined;

  /** For the tests of the file that calls it. */
  static forTests(): TestInstall {
    const world = new TestInstall();
    beforeAll(() => world.#start());
    beforeEach(() => world.#prepare());
    afterEach(() => world.#clean());
    afterAll(() => world.#stop());
    return world;
  }

  get bundle(): Bundle {
    if (this.#bundle === undefined) throw new Error('the agent is not bundled yet');
    return this.#bundle;
  }

  get gateway(): GatewayProcess {
    if (this.#gateway === undefined) throw new Error('the gateway is not started yet');
    return this.#gateway;
  }

  get manifest(): Manifest {
    return parseManifest(readFileSync(join(this.release, 'manifest.json'), 'utf8'));
  }

  /** The path of the published archive. */
  get archive(): string {
    return join(this.release, this.manifest.files[0]?.path ?? '');
  }

  get prefix(): string {
    return join(this.machine, 'opt');
  }

  get config(): string {
    return join(this.machine, 'etc', 'agent.yaml');
  }

  /** The install script as the gateway serves it. */
  get script(): string {
    return readFileSync(join(this.release, 'install.sh'), 'utf8');
  }

  /** The options for the places on this machine and its user. */
  get places(): readonly string[] {
    return ['--prefix', this.prefix, '--config', this.config, '--linux-user', this.user];
  }

  /** The installed versions. */
  get versions(): string[] {
    return existsSync(this.prefix) ? readdirSync(join(this.prefix, 'versions')) : [];
  }

  publish(mark: string, changed: Record<string, string> = {}, channel: Channel = 'stable'): Promise<Manifest> {
    const { bundle, release: folder, key } = this;
    return publishTestRelease({ bundle, folder, key, mark, changed, channel });
  }

  /** Publishes a changed manifest, signed with `by`. */
  forge(change: Partial<Manifest>, by = this.key): void {
    const text = renderManifest({ ...this.manifest, ...change });
    writeFileSync(join(this.release, 'manifest.json'), text);
    writeFileSync(join(this.release, 'manifest.json.sig'), sign(null, Buffer.from(text), by));
  }

  /** Runs a script as `curl … | sh` does. */
  start(text: string, args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
    // In a session without a terminal, so that no prompt is possible.
    const child = spawn('/bin/sh', ['-s', '--', ...args], {
      detached: true,
      env: {
        PATH: `${join(this.machine, 'tools')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
        HOME: this.machine,
        ...environment,
      },
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(text);
    return child;
  }

  /** The exit code and the output. Notes the agent that runs then. */
  async outcome(child: ChildProcess): Promise<{ code: unknown; said: string }> {
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    const [code] = await once(child, 'close');
    const status = join(this.machine, 'etc', 'agent.status.json');
    if (existsSync(status)) {
      const { pid, state }: { pid: number; state: string } = JSON.parse(readFileSync(status, 'utf8'));
      if (state !== 'stopped' && existsSync(`/proc/${pid}`)) this.pids = [pid];
    }
    return { code, said };
  }

  /** Runs the install script with these options besides token and places. */
  install(...more: string[]): Promise<{ code: unknown; said: string }> {
    return this.outcome(this.start(this.script, ['--token', 'wxt_rt_test', ...this.places, ...more]));
  }

  async #start(): Promise<void> {
    this.#bundle = await bundleAgent(projectFolder);
    await this.hub.start();
    this.#gateway = await startGateway({ AGENT_DIR: this.release, GRPC_ADDRESSES: this.hub.address });
    const script = readFileSync(join(import.meta.dirname, '../install.sh'), 'utf8');
    publishInstaller(this.release, script, this.#gateway.origin, this.key);
  }

  async #prepare(): Promise<void> {
    this.machine = mkdtempSync(join(tmpdir(), 'install-machine-'));
    mkdirSync(join(this.machine, 'tools'));
    const { answer } = new TestHub();
    this.hub.answer = answer;
    this.hub.messages.length = 0;
    await this.publish('first');
  }

  #clean(): void {
    for (const pid of this.pids) process.kill(pid, 'SIGKILL');
    this.pids = [];
    rmSync(this.machine, { recursive: true });
  }

  async #stop(): Promise<void> {
    await this.#gateway?.stop();
    this.hub.kill();
    rmSync(this.#published, { recursive: true });
  }
}
