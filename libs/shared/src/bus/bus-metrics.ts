import { Histogram } from 'prom-client';

// One per process: `Health` adds it to the registry of its service.

/** Requests over NATS. `side`: ask sends them, answer serves them. `outcome`: ok or the error code. */
export const busRequestSeconds = new Histogram({
  name: 'webxterm_bus_request_seconds',
  help: 'Seconds that a request over NATS took, by subject, side (ask or answer) and outcome (ok or the error code)',
  labelNames: ['subject', 'side', 'outcome'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  registers: [],
});

/** The subject as a label: the id of a hub is replaced. */
export const subjectLabel = (subject: string): string => subject.replace(/^hubs\.[^.]+\./, 'hubs.*.');

/** Runs a request and measures it. `outcomeOf` names an error. */
export const measured = async <T>(
  subject: string,
  side: 'ask' | 'answer',
  outcomeOf: (error: unknown) => string,
  work: () => Promise<T>,
): Promise<T> => {
  const end = busRequestSeconds.startTimer({ subject: subjectLabel(subject), side });
  try {
    const value = await work();
    end({ outcome: 'ok' });
    return value;
  } catch (error) {
    end({ outcome: outcomeOf(error) });
    throw error;
  }
};
