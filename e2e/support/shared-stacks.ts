import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { TestProject } from 'vitest/node';
import { configuredProvider } from './sign-in-provider.ts';
import { startTestStack, type TestStack } from './stack.ts';

/** Changes that a test file may have made to the stack of its worker. */
const calls = ['kill', 'stopProcess', 'startProcess', 'healthy'] as const;

/** One call of a test file. */
export interface StackCall {
  /** The worker of the test file. */
  readonly worker: string;
  readonly call: 'facts' | (typeof calls)[number];
  readonly arguments: readonly unknown[];
}

/** The fields of a stack that do not change while it runs. */
export interface StackFacts extends Pick<TestStack, 'url' | 'grpc' | 'ca' | 'dataDir' | 'admin'> {
  /** The port of the provider of sign-ins in the settings, which a test file may start. */
  readonly providerPort: number;
}

interface RunningStack extends TestStack {
  readonly providerPort: number;
}

const start = async (): Promise<RunningStack> => {
  const provider = await configuredProvider();
  const stack = await startTestStack({ environmentOf: provider.environmentOf });
  const stop = async (): Promise<void> => {
    await stack.stop();
    provider.forget();
  };
  return { ...stack, stop, providerPort: provider.port };
};

declare module 'vitest' {
  interface ProvidedContext {
    /** Address at which a test file calls the stack of its worker. */
    sharedStacks: string;
  }
}

const answer = async (stack: RunningStack, { call, arguments: given }: StackCall): Promise<StackFacts | undefined> => {
  if (call !== 'facts') {
    await Reflect.apply(stack[call], stack, given);
    return undefined;
  }
  const { url, grpc, ca, dataDir, admin, providerPort } = stack;
  return { url, grpc, ca, dataDir, admin, providerPort };
};

/**
 * Starts a stack for each worker when a test file of that worker first wants one, and stops all of them after the last file: a start costs
 * as much processor time as most files.
 */
export const setup = async ({ provide }: TestProject): Promise<() => Promise<void>> => {
  const stacks = new Map<string, Promise<RunningStack>>();
  const server = createServer(async (request, response) => {
    try {
      const asked = (await json(request)) as StackCall;
      const stack = stacks.get(asked.worker) ?? start();
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
