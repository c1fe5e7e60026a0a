import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { type BrowserOptions, launchBrowser } from './browser.ts';
import { onlineMachine, Rest } from './rest.ts';
import { sharedStack, type WorkerStack } from './shared-stack.ts';

/** The stack of the worker that runs the current test file. */
export let stack: WorkerStack;
/** Calls the REST API as the administrator. */
export let rest: Rest;
/** The machine of the stack's own agent. */
export let ownMachine: { readonly agent_id: string; readonly name: string };
export let browser: Browser;
/** The user id of the administrator. */
let administrator: string;

/** Ends the shells of the administrator. */
export const endShells = async (): Promise<void> => {
  const { body } = await rest.get<{ sessions: { session_id: string }[] }>('/api/terminal/sessions');
  await Promise.all(body.sessions.map(({ session_id }) => rest.send('DELETE', `/api/terminal/sessions/${session_id}`)));
};

/** Removes what a test file has added to the stack: shells, tokens and settings of the administrator, machines, accounts. */
const tidy = async (): Promise<void> => {
  await endShells();
  await rest.send('DELETE', `/api/users/${administrator}/tokens`);
  await rest.send('PUT', '/api/profile/preferences', { terminal: null });
  const others = (await rest.machines()).filter(({ agent_id }) => agent_id !== ownMachine.agent_id);
  await Promise.all(others.map(({ agent_id }) => rest.send('DELETE', `/api/machines/${agent_id}`)));
  const accounts = await rest.get<{ users: { id: string; email: string }[] }>('/api/users?limit=100');
  const added = accounts.body.users.filter(({ email }) => email !== stack.admin.email);
  for (const { id } of added) await rest.send('DELETE', `/api/users/${id}`);
};

/** Gives the tests of a file the stack of its worker. Everything that the file adds is removed after it. */
export const useStack = (): void => {
  beforeAll(async () => {
    stack = await sharedStack();
    const { token, user } = await new Rest(stack.url).login(stack.admin);
    rest = new Rest(stack.url, token);
    administrator = user.id;
    ownMachine = await onlineMachine(rest);
  });
  afterAll(async () => {
    if (ownMachine !== undefined) await tidy();
  });
};

/** Gives the tests of a file the stack of its worker, and a browser of their own. */
export const useStackAndBrowser = (options: BrowserOptions = {}): void => {
  useStack();
  beforeAll(async () => {
    browser = await launchBrowser(options);
  });
  afterAll(async () => {
    await browser?.close();
  });
};
