import { createHash } from 'node:crypto';
import type { Refused } from '@webxterm/contracts/grpc';
import type { Logger } from 'pino';
import { Commands } from './commands/commands.ts';
import { KeptCommands } from './commands/kept-commands.ts';
import { endLeftOver } from './commands/left-over.ts';
import { StartedIds } from './commands/started-ids.ts';
import { type AgentConfig, companionFiles } from './configuration/agent-config.ts';
import type { AgentStatus } from './configuration/status-file.ts';
import { StatusReport } from './configuration/status-report.ts';
import { describeError, exitCode, Failure } from './failure.ts';
import { filesKinds } from './files/files-kind.ts';
import { AllowedTargets } from './forwards/allowed-targets.ts';
import { NameLookups } from './forwards/name-lookups.ts';
import { tcpKind } from './forwards/tcp-kind.ts';
import { Guard } from './guard/guard.ts';
import { SessionHandOver } from './hand-over/session-hand-over.ts';
import type { HandOver } from './hand-over/state-file.ts';
import type { MachineKey } from './identity/machine-key.ts';
import { backOff, redialDelay } from './link/back-off.ts';
import { Dialer, type ReadFacts, type RoundResult } from './link/dialer.ts';
import { Link } from './link/link.ts';
import type { ProxySettings } from './link/proxy.ts';
import { describeRefusal } from './link/refusal.ts';
import { giveMemoryBack } from './memory.ts';
import type { SessionKind } from './session/session-kind.ts';
import { Sessions } from './session/sessions.ts';
import { allowedUsers } from './shell/linux-users.ts';
import type { ShellAccount } from './shell/login-shell.ts';
import { findLoginTools } from './shell/login-tools.ts';
import { ptyKind } from './shell/pty-kind.ts';
import { SshActivities } from './ssh/activities.ts';
import { loadSshHostKey, type SshHostKey } from './ssh/host-key.ts';
import { SshPlaces } from './ssh/places.ts';
import { sshKind } from './ssh/ssh-kind.ts';
import { StatsReader } from './stats/resource-stats.ts';
import type { Replacement } from './update/replacement.ts';
import type { Updater } from './update/updater.ts';

export type AgentOptions = {
  configPath: string;
  config: AgentConfig;
  key: MachineKey;
  /** From the environment, used if the configuration has no proxy. */
  proxy?: ProxySettings;
  /** Reads the facts about this machine for the hub. Default: from the system. */
  readFacts?: ReadFacts;
  /** Kinds of session besides those of the product. */
  moreKinds?: readonly SessionKind[];
  /** uid of this process. */
  processUid: number;
  log: Logger;
  /** Undefined if the agent was not installed by the install script. */
  replacement?: Pick<Replacement, 'tick' | 'giveUp'> | undefined;
  /** Undefined if this agent cannot update itself. */
  updater?: Pick<Updater, 'state' | 'order' | 'follow' | 'tick'> | undefined;
  /** The state that the process before this one has left. */
  handed?: HandOver | undefined;
  /** ms on a monotonic clock. */
  now(): number;
  random(): number;
};

const tickMs = 1000;
/** After this many ticks without sessions the agent is idle and releases unneeded memory. */
const ticksUntilIdle = 5;
/** How often host name, system and addresses are compared with those last reported to the hub. */
const newsEveryMs = 30_000;
const mib = 1024 * 1024;
/** After SIGTERM the link stays open for this long, so viewers receive the end of their shells. */
const lastWordsMs = 300;

/** Marks the processes of this machine's commands. It is the same after a restart of the agent. */
const tagOf = ({ publicKey }: MachineKey): string => createHash('sha256').update(publicKey).digest('hex').slice(0, 16);

/** The running agent. It has one link at a time to any hub, and sessions that outlive every link. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #sessions: Sessions;
  readonly #account: ShellAccount;
  readonly #guard: Guard;
  readonly #commands: Commands;
  readonly #kept: KeptCommands;
  readonly #activities: SshActivities;
  #hostKey: Promise<SshHostKey> | undefined;
  readonly #stats = new StatsReader();
  readonly #stopped = Promise.withResolvers<void>();
  #stopping = false;
  #replaced = false;
  #instanceId = '';
  #connectedAt: number | undefined;
  #ticksWithoutSessions = 0;
  #link: Link | undefined;
  readonly #report: StatusReport;
  readonly #handOver: SessionHandOver;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { configPath, config, key, processUid, log, now, moreKinds = [] } = options;
    this.#report = new StatusReport({ configPath, processUid, log, sessionCount: () => this.#sessions.aliveCount });
    this.#account = {
      linuxUsers: allowedUsers(config),
      allowSudo: config.allow_sudo,
      processUid,
      onTools: (tools) => this.#report.reportLogins(tools),
    };
    this.#guard = new Guard(log);
    const asUser = { account: this.#account, agentTag: tagOf(key), guard: this.#guard, log };
    this.#commands = new Commands(asUser);
    this.#activities = new SshActivities(now);
    const allowed = new AllowedTargets(config.forward_to ?? []);
    const lookups = new NameLookups();
    const ids = new StartedIds(companionFiles(configPath).startedCommands);
    this.#kept = new KeptCommands({ commands: this.#commands, ids, log });
    this.#sessions = new Sessions({
      maxSessions: config.max_sessions,
      ringSize: config.ring_mib * mib,
      detachedMs: config.detached_hours * 3_600_000,
      idleMs: config.idle_hours && config.idle_hours * 3_600_000,
      kinds: [
        ptyKind(this.#account, this.#guard),
        ...filesKinds(asUser),
        tcpKind(allowed, lookups),
        sshKind({ ...asUser, allowed, lookups, activities: this.#activities, places: new SshPlaces() }, () =>
          this.#sshHostKey(),
        ),
        ...moreKinds,
      ],
      log,
      now,
      onEnded: (session) => {
        log.info({ session: session.id, ...session.result }, 'a session ended');
        this.#link?.sendEnded(session);
      },
    });
    this.#handOver = new SessionHandOver({ sessions: this.#sessions, log, now });
    if (options.handed !== undefined) this.#sessions.adopt(options.handed.sessions);
  }

  /** The output of `vsay-agent status`. */
  get status(): AgentStatus {
    return this.#report.status;
  }

  /**
   * Keeps this machine linked until `stop`.
   * @throws Failure (exit code 3) if the hub refuses this machine permanently
   */
  async run(): Promise<void> {
    const { configPath, config, key, proxy = {}, readFacts, now } = this.#options;
    const { kinds } = this.#sessions;
    const { handed, updater } = this.#options;
    const updateState = updater && (() => updater.state);
    const instanceId = handed === undefined ? undefined : Buffer.from(handed.instanceId, 'base64url');
    const { publicKey: sshHostKey } = await this.#sshHostKey();
    const parts = { key, kept: this.#report.kept, proxy, readFacts, kinds, sshHostKey, updateState, instanceId, now };
    const dialer = await Dialer.open(configPath, config, parts);
    this.#instanceId = dialer.instanceId.toString('base64url');
    this.#report.reportLogins(await findLoginTools());
    void endLeftOver(tagOf(key), this.#options.log);
    const ticks = setInterval(() => this.#tick(), tickMs);
    const looks = setInterval(() => void this.#sendChangedFacts(dialer), newsEveryMs);
    try {
      await this.#report.write({ state: 'connecting' });
      let failures = 0;
      while (!this.#stopping) {
        const round = await dialer.round('serve');
        const waitMs = round.kind === 'welcome' ? await this.#serve(round) : await this.#failed(round, failures);
        failures = round.kind === 'welcome' ? 0 : failures + 1;
        await this.#pause(waitMs);
      }
    } catch (error) {
      if (this.#options.replacement?.giveUp(describeError(error)) !== true) throw error;
      this.#replaced = true;
    } finally {
      clearInterval(ticks);
      clearInterval(looks);
      await this.#commands.stop();
      // Its shells go on if another version replaces this process.
      if (!this.#replaced) this.#guard.close();
    }
    await this.#report.write({ state: 'stopped' });
  }

  /** Whether `run` has returned so that another version replaces this process. */
  get replaced(): boolean {
    return this.#replaced;
  }

  /** Reports to viewers that their shells end, closes the link, and makes `run` return. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const hadSessions = this.#sessions.aliveCount > 0;
    this.#sessions.abandonAll();
    await this.#commands.stop();
    if (hadSessions) await new Promise((resolve) => setTimeout(resolve, lastWordsMs));
    this.#link?.close();
    this.#stopped.resolve();
  }

  #sshHostKey(): Promise<SshHostKey> {
    const { configPath, log } = this.#options;
    this.#hostKey ??= loadSshHostKey(companionFiles(configPath).sshHostKey, log);
    return this.#hostKey;
  }

  async #sendChangedFacts(dialer: Dialer): Promise<void> {
    // Without a link, the next dial reports them.
    if (this.#link === undefined) return;
    const facts = await dialer.takeChangedFacts().catch(() => undefined);
    if (facts === undefined) return;
    this.#options.log.info('host name or system changed: reporting to the hub');
    this.#link?.tellFacts(facts);
  }

  #tick(): void {
    this.#sessions.tick();
    this.#options.updater?.tick();
    if (this.#mustBeReplaced()) void this.#giveWay();
    this.#ticksWithoutSessions = this.#sessions.aliveCount > 0 ? 0 : this.#ticksWithoutSessions + 1;
    if (this.#ticksWithoutSessions !== ticksUntilIdle) return;
    giveMemoryBack().catch((err: unknown) => this.#options.log.debug({ err }, 'could not release memory'));
  }

  #mustBeReplaced(): boolean {
    if (this.#stopping || this.#handOver.isRunning) return false;
    const { replacement, now } = this.#options;
    const connectedForMs = this.#connectedAt === undefined ? undefined : now() - this.#connectedAt;
    const movable = this.#runsNothing && this.#handOver.isPossible;
    const work = !movable ? 'fixed' : this.#sessions.isEmpty ? 'none' : 'movable';
    return replacement?.tick({ connectedForMs, work }) === true;
  }

  get #runsNothing(): boolean {
    return this.#commands.isIdle && this.#kept.isIdle;
  }

  /** Makes `run` return without ending a session, so that `handOver` follows. */
  async #giveWay(): Promise<void> {
    // Commands that arrive meanwhile would be ended.
    if (!(await this.#handOver.prepare(this.#instanceId, () => this.#runsNothing))) return;
    this.#options.log.info({ sessions: this.#sessions.aliveCount }, 'another version of the agent takes over');
    this.#replaced = true;
    this.#stopping = true;
    this.#link?.close();
    this.#stopped.resolve();
  }

  /**
   * Leaves the sessions to the program that replaces this process. The caller replaces it at once, without another turn of the event loop.
   * @throws Error if they cannot be left: they are ended then
   */
  async handOver(): Promise<void> {
    await this.#guard.release();
    await this.#handOver.leave(this.#instanceId);
  }

  /** Whether somebody may wait for output of this machine. */
  get #isBusy(): boolean {
    return this.#sessions.aliveCount > 0 || !this.#runsNothing;
  }

  /** @returns ms to wait before the next dial. */
  async #serve(round: Extract<RoundResult, { kind: 'welcome' }>): Promise<number> {
    const { log, now, random } = this.#options;
    const { welcome, connection } = round;
    this.#report.clearProblem();
    const link = new Link({
      connection,
      welcome,
      sessions: this.#sessions,
      stats: this.#stats,
      commands: this.#commands,
      kept: this.#kept,
      activities: this.#activities,
      updater: this.#options.updater,
      log,
      now,
    });
    this.#link = link;
    const running = link.run();
    if (this.#stopping) link.close();
    const { agentId, ownerUsername, machineName, capabilities } = welcome;
    const about = { agent_id: agentId, hub: connection.address, owner: ownerUsername, machine: machineName };
    log.info({ ...about, capabilities }, 'connected');
    await this.#report.write({ state: 'connected', agent_id: agentId, hub: connection.address, owner: ownerUsername });
    this.#connectedAt = now();
    const end = await running;
    this.#link = undefined;
    this.#connectedAt = undefined;
    if (this.#stopping) return 0;
    await this.#report.write({ state: 'connecting' });
    if (end.kind === 'refused') return this.#refused(end.refused);
    if (end.kind === 'redial') {
      log.info({ hub: connection.address }, 'dialling again, on request of the hub or to report a change');
      return this.#isBusy ? 0 : Math.round(end.jitterMs * random());
    }
    log.warn({ hub: connection.address, reason: end.reason }, 'the link to the hub is lost; dialling again');
    return redialDelay(this.#isBusy, welcome.redialSpreadMs, random());
  }

  async #failed(round: Exclude<RoundResult, { kind: 'welcome' }>, failures: number): Promise<number> {
    const { random } = this.#options;
    const waitMs = backOff({ failures, isBusy: this.#isBusy }, random());
    if (round.kind === 'refused') return Math.max(waitMs, await this.#refused(round.refused));
    await this.#report.reportProblem(`${round.reason} Trying again until it works.`);
    return waitMs;
  }

  async #refused(refused: Refused): Promise<number> {
    const sentence = describeRefusal(refused);
    if (refused.permanent) {
      await this.#report.write({ state: 'refused', problem: sentence });
      throw new Failure(sentence, exitCode.refused);
    }
    await this.#report.reportProblem(`The server cannot take this machine now: ${sentence} Trying again.`);
    return refused.retryAfterMs;
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#stopping) return;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([over, this.#stopped.promise]);
    clearTimeout(timer);
  }
}
