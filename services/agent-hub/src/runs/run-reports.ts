import type { Logger } from '@webxterm/shared';

/** Reports of one agent that are being stored. Those beyond the limits are dropped: the agent keeps results and sends them again. */
const maxReports = 256;
/** Bytes of output in them, of one agent and of all. */
const maxReportBytes = 4 * 1024 * 1024;
const maxReportBytesOfAll = 64 * 1024 * 1024;

interface Reports {
  count: number;
  bytes: number;
  last: Promise<void>;
}

/** The reports of agents on commands of runs that are being stored: those of one agent one after the other, and bounded. */
export class RunReports {
  readonly #logger: Logger;
  readonly #ofLinks = new WeakMap<object, Reports>();
  #bytes = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** `bytes`: of output that `store` holds until it has ended. Drops the report at a limit. */
  add(link: { readonly identity: { readonly agentId: string } }, bytes: number, store: () => Promise<void>): void {
    const reports = this.#ofLinks.get(link) ?? { count: 0, bytes: 0, last: Promise.resolve() };
    this.#ofLinks.set(link, reports);
    const full = reports.bytes + bytes > maxReportBytes || this.#bytes + bytes > maxReportBytesOfAll;
    if (reports.count >= maxReports || full) return;
    const take = (sign: 1 | -1): void => {
      reports.count += sign;
      reports.bytes += sign * bytes;
      this.#bytes += sign * bytes;
    };
    take(1);
    reports.last = reports.last
      .then(store)
      .catch((error: unknown) =>
        this.#logger.warn(
          { err: error, agent_id: link.identity.agentId },
          'a report on a command of a run could not be stored; its leader asks for it again',
        ),
      )
      .finally(() => take(-1));
  }
}
