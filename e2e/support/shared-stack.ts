import { readStackFile } from '@webxterm/stack';
import { inject } from 'vitest';
import type { StackCall, StackFacts } from './shared-stacks.ts';
import type { TestStack } from './stack.ts';

// biome-ignore lint/style/noProcessEnv: the only place where Vitest gives the number of the worker
const worker = process.env.VITEST_POOL_ID ?? '';

const call = async <T>(name: StackCall['call'], ...given: readonly unknown[]): Promise<T> => {
  const body = { worker, call: name, arguments: given } satisfies StackCall;
  const response = await fetch(inject('sharedStacks'), { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as T;
};

/** The stack that the test files of one worker use one after the other. It is left healthy, and is not stopped by them. */
export type SharedStack = Omit<TestStack, 'stop'>;

/** That of this worker. */
export type WorkerStack = SharedStack & Pick<StackFacts, 'providerPort'>;

export const sharedStack = async (): Promise<WorkerStack> => {
  const facts = await call<StackFacts>('facts');
  return {
    ...facts,
    processes: () => readStackFile(facts.dataDir)?.processes ?? [],
    kill: (name, signal) => call('kill', name, signal),
    stopProcess: (name) => call('stopProcess', name),
    startProcess: (name) => call('startProcess', name),
    healthy: () => call('healthy'),
  };
};
