import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchBrowser } from './browser.ts';
import { onlineMachine, Rest } from './rest.ts';
import { startTestStack, type TestStack } from './stack.ts';

/** The stack of the current test file. */
export let stack: TestStack;
/** Calls the REST API as the administrator. */
export let rest: Rest;
/** The machine of the stack's own agent. */
export let ownMachine: { readonly agent_id: string; readonly name: string };
export let browser: Browser;

/** Starts a stack before the tests of a file, and stops it afterwards. */
export const useStack = (): void => {
  beforeAll(async () => {
    stack = await startTestStack();
    rest = new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token);
    ownMachine = await onlineMachine(rest);
  });
  afterAll(async () => {
    await stack?.stop();
  });
};

/** Starts a stack and a browser before the tests of a file, and stops them afterwards. */
export const useStackAndBrowser = (): void => {
  useStack();
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
};
