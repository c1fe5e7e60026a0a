import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestProject } from 'vitest/node';
import { startTestStack, type TestStack } from './stack.ts';

/** What a test file may have done to the stack of its worker, beside what it reads of it. */
const calls = ['kill', 'stopProcess', 'startProcess', 'healthy'] as const;

/** One call of a test file. */
export interface StackCall {
  /** The worker of the test file. */
  readonly worker: string;
  readonly call: 'facts' | (typeof calls)[number];
  readonly arguments: readonly unknown[];
}

/** The fields of a stack that do not change while it runs. */
export type StackFacts = Pick<TestStack, 'url' | 'grpc' | 'ca' | 'dataDir' | 'admin'>;

declare module 'vitest' {
  interface ProvidedContext {
    /** Address at which a test file calls the stack of its worker. */
    sharedStacks: string;
  }
}

const answer = async (stack: TestStack, { call, arguments: given }: StackCall): Promise<StackFacts | undefined> => {
  if (call !== 'facts') {
    await Reflect.apply(stack[call], stack, given);
    return undefined;
  }
  const { url, grpc, ca, dataDir, admin } = stack;
  return { url, grpc, ca, dataDir, admin };
};

/**
 * Starts a stack for each worker when a test file of that worker first wants one, and stops all of them after the last file: a start costs
 * as much processor time as most files.
 */
export const setup = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const stacks = new Map<string, Promise<TestStack>>();
  const server = createServer(async (request, response) => {
    try {
      const asked = (await json(request)) as StackCall;
      const stack = stacks.get(asked.worker) ?? startTestStack();
      stacks.set(asked.worker, stack);
      response.end(JSON.stringify((await answer(await stack, asked)) ?? null));
    } catch (error) {
      response.statusCode = 500;
      response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  provide('sharedStacks', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    await Promise.all([...stacks.values()].map(async (stack) => (await stack).stop()));
  };
};
