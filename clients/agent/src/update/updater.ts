import type { UpdateOrder, UpdateReport, UpdateState } from '@webxterm/contracts/grpc';
import type { Logger } from 'pino';
import type { AgentConfig } from '../configuration/agent-config.ts';
import { describeError } from '../failure.ts';
import type { ProxySettings } from '../link/proxy.ts';
import { type Channel, channels } from './fetch-release.ts';
import type { Installation } from './installation.ts';
import { lockUpdates } from './lock.ts';
import { Postponed, sourceOf } from './source.ts';
import { update } from './update.ts';

/** Interval of reports to the hub during a download. */
const tellEveryMs = 60_000;
/** How often the end of a trial is looked for. */
const lookEveryMs = 5000;
/** A slower download would count as silent. */
const minBytesPerSecond = 16 * 1024;

export type UpdaterOptions = {
  installation: Installation;
  /** The version of this process. */
  version: string;
  config: Pick<AgentConfig, 'host' | 'ca' | 'proxy' | 'no_proxy'>;
  /** From the environment. */
  proxy: ProxySettings;
  log: Pick<Logger, 'info' | 'warn'>;
  /** ms on a monotonic clock. */
  now(): number;
};

const isChannel = (name: string): name is Channel => Object.hasOwn(channels, name);

/** Carries out update orders of the hub, one at a time, and reports on them. */
export class Updater {
  readonly #options: UpdaterOptions;
  /** Reports of the order that has not ended. Sent again after each welcome. */
  #report: UpdateReport | undefined;
  #send: ((report: UpdateReport) => void) | undefined;
  #working: string | undefined;
  #toldAt = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #onTrial: boolean;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#onTrial = this.#isOnTrial();
  }

  /** For the hello. */
  get state(): UpdateState {
    const { installation } = this.#options;
    const last = installation.failed.at(-1);
    return {
      sequence: BigInt(installation.sequence),
      onTrial: this.#isOnTrial(),
      failedVersion: last?.version ?? '',
      failedReason: last?.why ?? '',
    };
  }

  /** From now on reports go to this hub. @param send undefined: there is no link to a hub */
  follow(send: ((report: UpdateReport) => void) | undefined): void {
    this.#send = send;
    const report = this.#report ?? this.#withdrawal();
    if (report !== undefined) send?.(report);
  }

  /** Begins with an order, unless another one is being carried out. Never throws. */
  order({ version, channel, maxBytesPerSecond }: UpdateOrder): void {
    if (this.#working !== undefined) return;
    this.#working = version;
    const bytesPerSecond = maxBytesPerSecond === 0n ? 0 : Math.max(minBytesPerSecond, Number(maxBytesPerSecond));
    void this.#carryOut(version, channel, bytesPerSecond)
      .catch((error: unknown) => this.#failed(version, error))
      .finally(() => {
        this.#working = undefined;
      });
  }

  /** Called about once a second. */
  tick(): void {
    const now = this.#options.now();
    if (this.#report?.state === 'downloading' && now - this.#toldAt >= tellEveryMs) this.#say(this.#report);
    if (!this.#onTrial || now - this.#lookedAt < lookEveryMs) return;
    this.#lookedAt = now;
    this.#onTrial = this.#isOnTrial();
    const { version, installation } = this.#options;
    if (!this.#onTrial && installation.current === version) this.#say({ version, state: 'confirmed', reason: '' });
  }

  async #carryOut(version: string, channel: string, bytesPerSecond: number): Promise<void> {
    const { installation, config, proxy, log } = this.#options;
    if (!isChannel(channel)) throw new Postponed(`This agent knows no channel ${channel}.`);
    if (installation.current === version) return this.#say({ version, state: this.#currentState(), reason: '' });
    const source = sourceOf(config, proxy);
    const unlock = await Promise.resolve()
      .then(() => lockUpdates(installation.folder))
      .catch((error: unknown) => {
        throw new Postponed(describeError(error));
      });
    log.info({ version, channel }, 'the hub orders an update');
    this.#say({ version, state: 'downloading', reason: '' });
    try {
      const platform = `${process.platform}-${process.arch}`;
      const how = { platform, now: Date.now(), channel, wanted: version, bytesPerSecond };
      const result = await update(installation, source, how);
      if (result.kind === 'failed') this.#say({ version, state: 'failed', reason: result.why });
      else this.#say({ version, state: 'installed', reason: '' });
    } finally {
      unlock();
    }
  }

  /** The order for a version that could not connect, while no other version could, has not ended for the hub. */
  #withdrawal(): UpdateReport | undefined {
    const { withdrawn, current } = this.#options.installation;
    if (withdrawn === undefined || withdrawn.version === current) return undefined;
    const reason = `No hub could be reached: ${withdrawn.why}, and neither was the version before it.`;
    return { version: withdrawn.version, state: 'postponed', reason };
  }

  /** The state of an order for the current version. */
  #currentState(): 'installed' | 'confirmed' {
    return this.#options.installation.current === this.#options.version && !this.#isOnTrial()
      ? 'confirmed'
      : 'installed';
  }

  #failed(version: string, error: unknown): void {
    const reason = describeError(error);
    this.#options.log.warn({ version, reason }, 'the update that the hub ordered did not succeed');
    this.#say({ version, state: error instanceof Postponed ? 'postponed' : 'failed', reason });
  }

  #say(report: UpdateReport): void {
    this.#report = report;
    this.#toldAt = this.#options.now();
    this.#send?.(report);
  }

  #isOnTrial(): boolean {
    const { installation, version } = this.#options;
    return installation.trial?.version === version;
  }
}
