import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeEach, expect } from 'vitest';
import type { BrowserOptions } from './browser.ts';
import { TerminalPage } from './terminal-page.ts';
import { browser, endShells, ownMachine, stack, useStackAndBrowser } from './use-stack.ts';

/** The terminal page of the running test: a shell on the stack's own machine, with a short prompt and an empty screen. */
export let terminal: TerminalPage;

/** Signed in, for each kind of browser that the tests of a file use: signing in costs more than opening a terminal. */
const browsers = new Map<string, Promise<TerminalPage>>();

const signIn = async (options: BrowserContextOptions): Promise<TerminalPage> => {
  const window = await TerminalPage.open(browser, {}, options);
  await window.signIn(stack.url, stack.admin);
  await window.page.getByRole('table', { name: 'Machines' }).waitFor();
  await window.page.close();
  return window;
};

/** Opens {@link terminal} in a browser of this kind. `script` runs before the page's own. */
export const openTerminalPage = async (options: BrowserContextOptions = {}, script?: string): Promise<void> => {
  const kind = JSON.stringify(options);
  const signedIn = browsers.get(kind) ?? signIn(options);
  browsers.set(kind, signedIn);
  terminal = await (await signedIn).fresh();
  if (script !== undefined) await terminal.page.addInitScript({ content: script });
  await terminal.openShell(stack.url, ownMachine.agent_id);
};

/** Gives the tests of a file a stack and a browser. Each of them calls {@link openTerminalPage}. The page must not complain. */
export const useTerminalPages = (options: BrowserOptions = {}): void => {
  useStackAndBrowser(options);
  // The page opens the terminal that runs if there is one.
  beforeEach(() => endShells());
  afterEach(async () => {
    expect(terminal.complaints).toEqual([]);
    await terminal.closeWindows();
  });
  afterAll(() => browsers.clear());
};

/** As {@link useTerminalPages}, and opens {@link terminal} for each test after `prepare`. */
export const useTerminalPage = ({
  prepare,
  ...options
}: BrowserOptions & { readonly prepare?: () => Promise<void> } = {}): void => {
  useTerminalPages(options);
  beforeEach(async () => {
    await prepare?.();
    await openTerminalPage();
  });
};
