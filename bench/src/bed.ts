import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithUs, isolatedSettings, type Stack, type StackSettings, startStack } from '@webxterm/stack';
import { findMachine, type Product, signIn, trustAuthority } from './api.ts';
import { type BarePath, startBarePath } from './bare-path/bare-path.ts';
import { freePort } from './free-port.ts';
import type { BenchOptions } from './options.ts';
import { startTtyd, type Ttyd } from './peers/ttyd.ts';
import { debuggedAt } from './process/inspector.ts';

/** The product as it runs for a measurement. */
export interface RunningProduct extends Product {
  readonly stack: Stack;
  /** Of the account that the machines belong to. */
  readonly apiKey: string;
  /** Where it keeps its files. */
  readonly dataDir: string;
  /** Where its processes listen for debuggers, one at a time. */
  readonly debugPort: number;
  pidOf(process: string): number;
}

const project = fileURLToPath(new URL('../..', import.meta.url));
/** The PATH of the shells of the machines. They do not inherit the environment of this process. */
const shellPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const running = (stack: Stack): Pick<RunningProduct, 'stack' | 'url' | 'pidOf'> => ({
  stack,
  url: stack.url,
  pidOf: (name) => {
    const found = stack.processes.find((process) => process.name === name);
    if (found === undefined) throw new Error(`no process of the stack is called ${name}`);
    return found.pid;
  },
});

const debugged = (port: number): StackSettings['serviceEnvironment'] => {
  const environment = debuggedAt(port);
  return {
    gateway: environment,
    // The storm of sign-ins makes its accounts from one address.
    auth: { ...environment, SIGNUPS_PER_ADDRESS: '100000' },
    terminal: environment,
    'agent-hub': environment,
    agent: environment,
  };
};

/** The programs that rows measure. Each part is started when it is first asked for, and shared from then on. */
export class Bed {
  readonly options: BenchOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'webxterm-bench-'));
  readonly #stops: (() => void | Promise<void>)[] = [];
  #product: Promise<RunningProduct> | undefined;
  #crowded: Promise<RunningProduct> | undefined;
  #bare: Promise<BarePath> | undefined;
  #ttyd: Promise<Ttyd | undefined> | undefined;
  #far: Promise<Product> | undefined;

  constructor(options: BenchOptions) {
    this.options = options;
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** An empty folder that goes with the run. */
  folder(name: string): string {
    const path = join(this.#folder, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Where servers that were fetched are kept, whatever home a stack is given. */
  get cacheFolder(): string {
    return isolatedSettings(this.#folder).cacheDir;
  }

  /** The whole product with one machine, as `npm start` runs it. */
  product(): Promise<RunningProduct> {
    this.#product ??= this.#startProduct();
    return this.#product;
  }

  /** A product without a machine of its own, whose bounds leave room for `options.agents` and `options.sessions` of one account. */
  crowded(): Promise<RunningProduct> {
    this.#crowded ??= this.#startCrowded();
    return this.#crowded;
  }

  /** The same hops with nothing else in them. */
  bare(): Promise<BarePath> {
    this.#bare ??= this.#startBare();
    return this.#bare;
  }

  /** ttyd, with a shell and nothing between; undefined where it is not on PATH. */
  ttyd(): Promise<Ttyd | undefined> {
    this.#ttyd ??= this.#startTtyd();
    return this.#ttyd;
  }

  /** A second machine of the product, whose agent is `options.delayMs` away from the hub, each way. */
  far(): Promise<Product> {
    this.#far ??= this.#startFar();
    return this.#far;
  }

  /** Runs at the end, before what was given earlier. */
  atEnd(stop: () => void | Promise<void>): void {
    this.#stops.push(stop);
  }

  async end(): Promise<void> {
    for (const stop of this.#stops.splice(0).toReversed()) await stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startProduct(): Promise<RunningProduct> {
    this.say('starting the product');
    const dataDir = this.folder('data');
    const debugPort = await freePort();
    const stack = await startStack({ dataDir, home: this.folder('home'), serviceEnvironment: debugged(debugPort) });
    this.atEnd(() => stack.stop());
    const { token, apiKey } = await signIn(stack.url, stack.admin);
    const agentId = await findMachine(stack.url, token);
    return { ...running(stack), dataDir, debugPort, token, apiKey, agentId };
  }

  async #startCrowded(): Promise<RunningProduct> {
    this.say('starting a product with room for the load');
    const { agents, sessions, tls } = this.options;
    const dataDir = this.folder('crowded');
    const debugPort = await freePort();
    const stack = await startStack({
      dataDir,
      home: this.folder('home'),
      agent: false,
      tls,
      serviceEnvironment: {
        'agent-hub': {
          ...debuggedAt(debugPort),
          MAX_MACHINES_PER_USER: String(agents + 1),
          REGISTRATIONS_PER_MINUTE: '1000000',
        },
        terminal: { ...debuggedAt(debugPort), TERMINALS_PER_USER: String(sessions + 1) },
      },
    });
    this.atEnd(() => stack.stop());
    trustAuthority(stack.ca);
    return { ...running(stack), dataDir, debugPort, ...(await signIn(stack.url, stack.admin)), agentId: '' };
  }

  async #startBare(): Promise<BarePath> {
    this.say('starting the bare path');
    const bare = await startBarePath();
    this.atEnd(() => bare.stop());
    return bare;
  }

  async #startTtyd(): Promise<Ttyd | undefined> {
    const ttyd = await startTtyd(this.#shellEnvironment());
    this.say(ttyd === undefined ? 'ttyd is not on PATH: nothing beside bulk but the bare path' : 'starting ttyd');
    if (ttyd !== undefined) this.atEnd(() => ttyd.stop());
    return ttyd;
  }

  #shellEnvironment(): Record<string, string> {
    return { PATH: shellPath, HOME: this.folder('home'), LANG: 'C.UTF-8' };
  }

  async #startFar(): Promise<Product> {
    const product = await this.product();
    const port = Number(product.stack.grpc[0]?.split(':').at(-1));
    this.say(`starting a machine that is ${this.options.delayMs} ms away, each way`);
    const proxy = await this.#startDelayProxy(port);
    const folder = this.folder('far-agent');
    const config = join(folder, 'agent.yaml');
    const facts = {
      host: product.url,
      token: product.apiKey,
      linux_user: userInfo().username,
      name: 'far',
      grpc: `127.0.0.1:${proxy}`,
    };
    writeFileSync(config, JSON.stringify(facts), { mode: 0o600 });
    const agentArguments = [
      '--disable-sigusr1',
      '--max-semi-space-size=1',
      'clients/agent/src/main.ts',
      'start',
      '--config',
      config,
    ];
    const agent = spawn(process.execPath, agentArguments, {
      cwd: project,
      env: this.#shellEnvironment(),
      stdio: 'ignore',
    });
    endWithUs(agent);
    this.atEnd(() => void agent.kill('SIGTERM'));
    return { url: product.url, token: product.token, agentId: await findMachine(product.url, product.token, 'far') };
  }

  /** In a process of its own: it must not wait for what the viewer does. */
  #startDelayProxy(target: number): Promise<number> {
    const main = fileURLToPath(new URL('delay-proxy/main.ts', import.meta.url));
    const child: ChildProcess = fork(main, [String(target), String(this.options.delayMs)]);
    this.atEnd(() => void child.kill('SIGKILL'));
    return new Promise((resolve, reject) => {
      child.once('message', (port) => resolve(Number(port)));
      child.once('exit', (code) => reject(new Error(`the delay proxy ended with ${code}`)));
    });
  }
}
