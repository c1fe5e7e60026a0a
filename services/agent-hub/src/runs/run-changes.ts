import type { NatsConnection } from '@nats-io/transport-node';
import { maxTargetsPerEvent, RunChangedEvent, runChangedSubject, runChangedWildcard } from '@webxterm/contracts/bus';
import { parseJson } from '@webxterm/contracts/json';
import type { RunTarget } from '@webxterm/contracts/rest';
import type { Logger } from '@webxterm/shared';
import type { StoredRunTarget } from './record.ts';
import { targetView } from './run-views.ts';

/** Changes are collected for this time, so that a run of 1,000 machines is some messages, not thousands. */
const collectMs = 100;

export interface RunChange {
  readonly runId: string;
  /** The run itself has changed. */
  readonly runChanged: boolean;
  readonly targets: readonly RunTarget[];
}

export interface RunChangesOptions {
  readonly bus: NatsConnection;
  readonly logger: Logger;
  readonly hubId: string;
}

type Listener = (change: RunChange) => void;

/**
 * Reports changes to the leader of a run, and to the readers of its events: those of this hub at once, and other hubs over the bus. A message
 * that is lost costs some seconds, because leaders and readers read the database again.
 */
export class RunChanges {
  readonly #options: RunChangesOptions;
  readonly #listeners = new Set<Listener>();
  readonly #waiting = new Map<string, { runChanged: boolean; targets: Map<string, RunTarget> }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunChangesOptions) {
    this.#options = options;
  }

  onChange(listener: Listener): void {
    this.#listeners.add(listener);
  }

  start(): void {
    const { bus, logger, hubId } = this.#options;
    bus.subscribe(runChangedWildcard, {
      callback: (error, message) => {
        if (error) return logger.error({ err: error }, 'changes of runs cannot be received');
        const event = RunChangedEvent.safeParse(parseJson(message.string())).data;
        if (event === undefined || event.hub_id === hubId || message.subject !== runChangedSubject(event.run_id))
          return;
        this.#tell({ runId: event.run_id, runChanged: event.run_changed, targets: event.targets });
      },
    });
  }

  /** Sends what is still collected. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#publish();
  }

  runChanged(runId: string): void {
    this.#collect(runId).runChanged = true;
    this.#tell({ runId, runChanged: true, targets: [] });
  }

  targetsChanged(runId: string, targets: readonly StoredRunTarget[]): void {
    const views = targets.map(targetView);
    const collected = this.#collect(runId).targets;
    for (const view of views) collected.set(view.agent_id, view);
    this.#tell({ runId, runChanged: false, targets: views });
  }

  #tell(change: RunChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #collect(runId: string): { runChanged: boolean; targets: Map<string, RunTarget> } {
    this.#timer ??= setTimeout(() => this.#publish(), collectMs);
    const known = this.#waiting.get(runId);
    if (known !== undefined) return known;
    const collected = { runChanged: false, targets: new Map<string, RunTarget>() };
    this.#waiting.set(runId, collected);
    return collected;
  }

  #publish(): void {
    this.#timer = undefined;
    for (const [runId, { runChanged, targets }] of this.#waiting) {
      const all = [...targets.values()];
      for (let from = 0; from === 0 || from < all.length; from += maxTargetsPerEvent)
        this.#send(runId, runChanged && from === 0, all.slice(from, from + maxTargetsPerEvent));
    }
    this.#waiting.clear();
  }

  #send(run_id: string, run_changed: boolean, targets: RunTarget[]): void {
    const { bus, logger, hubId } = this.#options;
    const event: RunChangedEvent = { hub_id: hubId, run_id, run_changed, targets };
    try {
      bus.publish(runChangedSubject(run_id), JSON.stringify(event));
    } catch (error) {
      logger.warn({ err: error, run_id }, 'changes of a run could not be published; other hubs will read them later');
    }
  }
}
