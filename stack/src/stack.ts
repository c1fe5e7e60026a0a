import { join } from 'node:path';
import { Children } from './data-dir/children.ts';
import { lockDataDir } from './data-dir/data-lock.ts';
import { makePrivateFolder } from './data-dir/private-files.ts';
import { plainFailure, reasonOf, StackFailure } from './failure.ts';
import { Secrets } from './secrets/secrets.ts';
import { logFolder, type StackSettings } from './settings.ts';
import { type StackProcess, writeStackFile } from './stack-file.ts';
import { LogFile } from './supervision/log-file.ts';
import type { Reporter } from './supervision/reporter.ts';
import type { Supervised } from './supervision/supervised.ts';

export const adminEmail = 'admin@webxterm.local';

interface Member {
  readonly process: Supervised;
  readonly port: number;
  readonly healthPort?: number;
}

/** One running stack on one data folder: its processes, their logs, and its shutdown. */
export class StackRuntime {
  readonly settings: StackSettings;
  readonly secrets: Secrets;
  readonly reporter: Reporter;
  readonly abort = new AbortController();
  /** Resolves if the stack cannot continue. */
  readonly failed: Promise<StackFailure>;
  readonly fail: (failure: StackFailure) => void;
  readonly #children: Children;
  readonly #unlock: () => void;
  readonly #members = new Map<string, Member>();
  readonly #logs = new Map<string, LogFile>();
  readonly #stops: { readonly name: string; readonly run: () => Promise<void> }[] = [];
  #facts: { url: string; grpc: readonly string[] } | undefined;
  #stopping: Promise<void> | undefined;
  #complaint = '';

  /** @throws StackFailure if the folder cannot be used or is in use */
  constructor(settings: StackSettings, reporter: Reporter) {
    this.settings = settings;
    this.reporter = reporter;
    const failed = Promise.withResolvers<StackFailure>();
    this.failed = failed.promise;
    this.fail = failed.resolve;
    makePrivateFolder(settings.dataDir);
    this.#unlock = lockDataDir(settings.dataDir);
    makePrivateFolder(logFolder(settings));
    this.secrets = new Secrets(join(settings.dataDir, 'secrets'));
    this.#children = new Children(settings.dataDir);
  }

  get admin(): { readonly email: string; readonly password: string } {
    return { email: adminEmail, password: this.secrets.read('admin-password') };
  }

  get processes(): StackProcess[] {
    return [...this.#members].flatMap(([name, { process, ...ports }]) =>
      process.pid === undefined ? [] : [{ name, pid: process.pid, ...ports }],
    );
  }

  endStale(): Promise<void> {
    return this.#children.endStale((text) => this.reporter.say(text));
  }

  log(name: string): LogFile {
    const log = this.#logs.get(name) ?? new LogFile(join(logFolder(this.settings), `${name}.log`));
    this.#logs.set(name, log);
    return log;
  }

  onLine(name: string, line: string): void {
    const error = this.log(name).append(line);
    if (error !== undefined) this.#complain(error);
    this.reporter.line(name, line);
  }

  onChange(name: string, pid: number | undefined): void {
    try {
      this.#children.set(name, pid);
    } catch (error) {
      this.#complain(error);
    }
    setImmediate(() => this.#writeFacts());
  }

  /** Adds a process, which can then be found by its name. */
  add(process: Supervised, port: number, healthPort?: number): void {
    this.#members.set(process.name, { process, port, ...(healthPort === undefined ? {} : { healthPort }) });
  }

  /** Registers a shutdown step. It runs before the steps that were registered earlier. */
  atStop(name: string, run: () => Promise<void>): void {
    this.#stops.push({ name, run });
  }

  /** Marks the stack as ready and writes stack.json from now on. */
  publish(facts: { url: string; grpc: readonly string[] }): void {
    this.#facts = facts;
    this.#writeFacts();
  }

  find(name: string): Supervised {
    const member = this.#members.get(name);
    if (member === undefined)
      throw new StackFailure(`nothing here is called ${name}; there are ${[...this.#members.keys()].join(', ')}`);
    return member.process;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Kills all processes at once, in no order. */
  kill(): void {
    for (const { pid } of this.processes)
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // already ended
      }
  }

  async #stop(): Promise<void> {
    this.abort.abort(new StackFailure('stopped before it was ready'));
    for (const step of this.#stops.splice(0).toReversed()) {
      try {
        await step.run();
      } catch (error) {
        this.reporter.say(`${step.name} did not end well: ${reasonOf(error)}`);
      }
    }
    this.#writeFacts();
    this.#unlock();
  }

  #writeFacts(): void {
    if (this.#facts === undefined) return;
    try {
      writeStackFile(this.settings.dataDir, { ...this.#facts, processes: this.processes, admin: this.admin });
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Reports once that the disk is full or the folder was removed. The services continue. */
  #complain(error: unknown): void {
    const text = reasonOf(plainFailure(error, this.settings.dataDir));
    if (text !== this.#complaint) this.reporter.say(text);
    this.#complaint = text;
  }
}
