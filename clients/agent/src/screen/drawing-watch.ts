import type { Worker } from 'node:worker_threads';

/** The processor time of a long piece is read this many times within its bound. */
const checksPerBound = 10;

/**
 * Calls `stuck` once the worker has used `stuckMs` of processor time since the first look, a tenth of that time from now.
 * @returns a function that stops it
 */
export const watchDrawing = (worker: Worker, stuckMs: number, stuck: () => void): (() => void) => {
  let timer: NodeJS.Timeout;
  let stopped = false;
  const lookLater = (beganAtMs?: number): void => {
    timer = setTimeout(() => void look(beganAtMs), stuckMs / checksPerBound);
    timer.unref();
  };
  const look = async (beganAtMs?: number): Promise<void> => {
    const usedMs = await processorTimeMs(worker);
    if (stopped || usedMs === undefined) return;
    if (beganAtMs !== undefined && usedMs - beganAtMs >= stuckMs) stuck();
    else lookLater(beganAtMs ?? usedMs);
  };
  lookLater();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};

/** @returns undefined if the worker has ended */
const processorTimeMs = async (worker: Worker): Promise<number | undefined> => {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    return undefined;
  }
};
