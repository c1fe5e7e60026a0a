import { setTimeout as wait } from 'node:timers/promises';
import { StackFailure } from '../failure.ts';

export interface Probed {
  readonly name: string;
  readonly healthPort: number;
  /** The last lines of its log. */
  readonly tail: () => readonly string[];
}

const readyWithinMs = 60_000;
const lookAgainMs = 50;
const answerWithinMs = 2000;

/** Undefined if the service is ready, otherwise its reason. */
const whyNotReady = async (healthPort: number, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const response = await fetch(`http://127.0.0.1:${healthPort}/readyz`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
    });
    return response.ok ? undefined : (await response.text()).slice(0, 300);
  } catch {
    return 'it does not answer';
  }
};

const waitForOne = async (probed: Probed, signal: AbortSignal): Promise<void> => {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const why = await whyNotReady(probed.healthPort, signal);
    if (why === undefined) return;
    signal.throwIfAborted();
    if (performance.now() > deadline) {
      const lines = probed.tail().map((line) => `\n    ${line}`);
      throw new StackFailure(
        `${probed.name} is not ready after ${readyWithinMs / 1000} s: ${why}; its last lines:${lines.join('')}`,
      );
    }
    await wait(lookAgainMs);
  }
};

/**
 * Waits until every service answers /readyz with 200.
 * @throws StackFailure that names the services that are not ready within 60 s, with the end of their logs; the signal's reason if aborted
 */
export const waitUntilReady = async (all: readonly Probed[], signal: AbortSignal): Promise<void> => {
  const results = await Promise.allSettled(all.map((probed) => waitForOne(probed, signal)));
  signal.throwIfAborted();
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length > 0) throw new StackFailure(failures.map((failure) => failure.message).join('\n'));
};
