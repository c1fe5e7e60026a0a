import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PeriodicTask } from './periodic-task.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('runs a task again only after the previous run has ended, and waits for it when it is stopped', async () => {
  let runs = 0;
  let run = Promise.withResolvers<void>();
  const task = new PeriodicTask(1000, () => {
    runs += 1;
    return run.promise;
  });
  task.start();
  await vi.advanceTimersByTimeAsync(3000);
  expect(runs).toBe(1);
  run.resolve();
  run = Promise.withResolvers<void>();
  await vi.advanceTimersByTimeAsync(1000);
  expect(runs).toBe(2);

  let stopped = false;
  const stopping = task.stop().then(() => {
    stopped = true;
  });
  await vi.advanceTimersByTimeAsync(5000);
  expect({ runs, stopped }).toEqual({ runs: 2, stopped: false });
  run.resolve();
  await stopping;
});
