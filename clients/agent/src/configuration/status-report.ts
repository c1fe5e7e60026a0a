import type { Logger } from 'pino';
import { type LoginTools, loginShortcoming } from '../shell/login-tools.ts';
import { agentVersion } from '../version.ts';
import { companionFiles } from './agent-config.ts';
import { KeptFiles } from './kept-files.ts';
import { type AgentStatus, writeStatus } from './status-file.ts';

export type StatusReportOptions = {
  configPath: string;
  /** uid of this process. */
  processUid: number;
  log: Logger;
  /** Number of sessions that are alive or being started. */
  sessionCount(): number;
};

/** The state of the agent towards the hub. */
export type ConnectionStatus = Omit<AgentStatus, 'pid' | 'version' | 'since' | 'sessions' | 'disk' | 'logins'>;

/** Different problems in the log until a hub accepts this machine. The status always has the last one. */
const maxLogged = 20;

/** The status of the running agent. Writes it to the status file, and logs each problem once. */
export class StatusReport {
  readonly #options: StatusReportOptions;
  /** The files of this agent. Failed writes are part of the status. */
  readonly kept = new KeptFiles((problem) => this.#reportDisk(problem));
  #connection: ConnectionStatus & Pick<AgentStatus, 'since'> = { state: 'connecting', since: new Date().toISOString() };
  #logins: string | undefined;
  #disk: string | undefined;
  #problem: string | undefined;
  /** Since a hub accepted this machine. */
  readonly #logged = new Set<string>();

  constructor(options: StatusReportOptions) {
    this.#options = options;
  }

  /** The output of `vsay-agent status`. */
  get status(): AgentStatus {
    const [logins, disk] = [this.#logins, this.#disk];
    return {
      pid: process.pid,
      version: agentVersion,
      ...this.#connection,
      sessions: this.#options.sessionCount(),
      ...(logins === undefined ? {} : { logins }),
      ...(disk === undefined ? {} : { disk }),
    };
  }

  async write(connection: ConnectionStatus): Promise<void> {
    this.#connection = { since: new Date().toISOString(), ...connection };
    const file = companionFiles(this.#options.configPath).status;
    await this.kept.write(file, () => writeStatus(file, this.status));
  }

  /** A hub has accepted this machine, so that a later problem is logged even if it was logged before. */
  clearProblem(): void {
    this.#problem = undefined;
    this.#logged.clear();
  }

  /**
   * Writes a problem of the connection to the status, and logs it once: while several hubs are away, their problems come again in any order
   * for as long as that takes.
   */
  async reportProblem(problem: string): Promise<void> {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (!this.#logged.has(problem) && this.#logged.size < maxLogged) {
      this.#logged.add(problem);
      this.#options.log.warn(problem);
    }
    await this.write({ state: 'connecting', problem });
  }

  /** Logs a missing login tool once until it changes. */
  reportLogins(tools: LoginTools): void {
    const { log, processUid } = this.#options;
    const logins = loginShortcoming(tools, processUid);
    if (logins === this.#logins) return;
    this.#logins = logins;
    if (logins === undefined) log.info('shells are logins again');
    else log.warn(logins);
  }

  #reportDisk(problem: string | undefined): void {
    this.#disk = problem;
    if (problem === undefined) this.#options.log.info('the disk takes writes again');
    else this.#options.log.warn(`${problem}: going on without the disk`);
  }
}
