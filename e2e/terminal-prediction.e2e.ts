import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { FarLink } from './support/far-link.ts';
import { eventually } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { ownMachine, stack, useStack } from './support/use-stack.ts';

let link: FarLink;
let browser: Browser;
let terminal: TerminalPage;

useStack();
beforeAll(async () => {
  const port = Number(new URL(stack.url).port);
  link = await FarLink.start(port, 50);
  browser = await launchBrowser({ detour: { from: port, to: link.port } });
  // One page for all: over this link it takes longer to sign in and open a shell than to try anything there.
  terminal = await TerminalPage.open(browser);
  await terminal.page.addInitScript({
    content: `window.everDrawn = [];
      document.addEventListener('DOMContentLoaded', () => new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes)
          if (target.dataset?.testid === 'prediction' && addedNodes.length > 0) window.everDrawn.push(target.textContent);
      }).observe(document.body, { childList: true, subtree: true }));`,
  });
  await terminal.signIn(stack.url, stack.admin);
  await terminal.openTerminal(ownMachine.name);
  await far();
});
afterAll(async () => {
  await browser?.close();
  link?.close();
});
afterEach(async () => {
  link.release();
  expect(terminal.complaints).toEqual([]);
});

/** The cells drawn over the screen now (a space over a blank needs none), and all that ever were. */
const drawn = async (): Promise<string> => (await terminal.page.getByTestId('prediction').first().textContent()) ?? '';
const everDrawn = (): Promise<string> => terminal.page.evaluate('window.everDrawn.join("|")');
const far = (): Promise<true> =>
  eventually('a round trip over 30 ms', async () => {
    const text = await terminal.page.getByText(/\d ms$/).innerText();
    return Number(/(\d+) ms/.exec(text)?.[1]) > 90 ? true : undefined;
  });
const nothingDrawn = (): Promise<true> =>
  eventually('everything confirmed', async () => ((await drawn()).trim() === '' ? true : undefined));
/** The line echoes, and has been seen to: what is typed on it next is foreseen. */
const trustedLine = async (): Promise<void> => {
  await terminal.type('ec');
  await terminal.until(/[$#] ec\s*$/m);
  await nothingDrawn();
};

let turn = 0;
beforeEach(async () => {
  turn += 1;
  // Whatever the test before left typed goes (not by Ctrl-C: bash may note it only after more has come), and the prompt is
  // short and the same on every machine.
  await terminal.page.keyboard.press('Control+u');
  await terminal.run(`PS1='$ '; clear; echo turn $((${turn}))`);
  await terminal.until(new RegExp(`^turn ${turn}\\s*\\n\\$\\s*$`, 'm'));
});

describe('on a machine 100 ms away', () => {
  it('a typed key is shown dimmed before its echo can have come, and is the real one after it', async () => {
    await trustedLine();
    link.hold();
    await terminal.type('ho seen');
    await eventually('the keys dimmed', async () => ((await drawn()).includes('hoseen') ? true : undefined));
    expect(await terminal.screen()).toMatch(/\$ ec\s*$/m);
    await terminal.page.keyboard.press('Backspace');
    await eventually('one key less', async () => (/hosee(?!n)/.test(await drawn()) ? true : undefined));
    link.release();
    await terminal.until(/\$ echo see\s*$/m);
    await nothingDrawn();
    await terminal.run('n it');
    await terminal.until(/^seen it/m);
  });

  it('no typed text is drawn at a password prompt', async () => {
    await terminal.run("read -s -p 'secret? ' x; echo; echo got $x");
    await terminal.until(/secret\? $/m);
    await terminal.page.evaluate('window.everDrawn = []');
    link.hold();
    await terminal.type('hunter2');
    link.release();
    await terminal.type('hunter3\n');
    await terminal.until(/got hunter2hunter3/);
    expect(await everDrawn()).toBe('');
    await trustedLine();
  });

  it('nothing is drawn in vim', async () => {
    await terminal.run('vim -u NONE -N unsaved');
    await terminal.until(/unsaved.*New/i);
    await terminal.page.evaluate('window.everDrawn = []');
    await terminal.type('ihello there');
    await terminal.until(/^hello there/m);
    await terminal.page.keyboard.press('Escape');
    await terminal.type(':q!\n');
    await terminal.until(/^\$\s*$/m);
    expect(await everDrawn()).toBe('');
  });

  it('a wrong prediction is removed: a key that the program does not echo', async () => {
    await trustedLine();
    await terminal.run('ho; stty -icanon -echo; echo quiet; dd bs=1 count=5 2>/dev/null | od -c; stty sane');
    await terminal.until(/^quiet/m);
    await terminal.type('12345');
    await terminal.until(/1\s+2\s+3\s+4\s+5/);
    await nothingDrawn();
  });

  it('nothing is drawn once it is switched off in the settings, and the switch is kept', async () => {
    await terminal.setting('Show typing at once');
    await trustedLine();
    await terminal.page.evaluate('window.everDrawn = []');
    await terminal.type('ho off\n');
    await terminal.until(/^off/m);
    expect(await everDrawn()).toBe('');
    await terminal.page.reload();
    expect(await terminal.page.evaluate(`JSON.parse(localStorage.getItem('webxterm.terminal')).prediction`)).toBe(
      false,
    );
  });
});
