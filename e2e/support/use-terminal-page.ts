import { afterEach, beforeEach, expect } from 'vitest';
import { TerminalPage } from './terminal-page.ts';
import { browser, ownMachine, stack, useStackAndBrowser } from './use-stack.ts';

/** The terminal page of the running test: a shell on the stack's own machine, with a short prompt and an empty screen. */
export let terminal: TerminalPage;

/** Gives the tests of a file a stack and a browser, and opens {@link terminal} for each test, after `prepare`. The page must not complain. */
export const useTerminalPage = (prepare?: () => Promise<void>): void => {
  useStackAndBrowser();
  beforeEach(async () => {
    await prepare?.();
    terminal = await TerminalPage.open(browser);
    await terminal.signIn(stack.url, stack.admin);
    await terminal.openTerminal(ownMachine.name);
    await terminal.run("PS1='$ '; clear");
    await terminal.until(/^\$\s*$/m);
  });
  afterEach(async () => {
    expect(terminal.complaints).toEqual([]);
    await terminal.close();
  });
};
