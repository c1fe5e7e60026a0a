import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { onlineMachine, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';
import { TerminalPage } from './support/terminal-page.ts';

let stack: TestStack;
let browser: Browser;
let terminal: TerminalPage;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});
afterEach(async () => {
  expect(terminal.complaints).toEqual([]);
  await terminal.close();
});

/** A page with a shell whose prompt is `$ `. */
const open = async (options: BrowserContextOptions = {}, platform?: string): Promise<void> => {
  terminal = await TerminalPage.open(browser, {}, options);
  if (platform !== undefined)
    await terminal.page.addInitScript({
      content: `Object.defineProperty(navigator, 'platform', { get: () => ${JSON.stringify(platform)} })`,
    });
  await terminal.signIn(stack.url, stack.admin);
  const machine = await onlineMachine(new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token));
  await terminal.openTerminal(machine.name);
  await terminal.run("PS1='$ '; clear");
  await terminal.until(/^\$\s*$/m);
};

/** `press` sends this and nothing before it to a program that has written `asks`. */
const sends = async (expected: string, press: () => Promise<void>, asks = ''): Promise<void> =>
  expect(await terminal.sent(expected.length, asks, press)).toBe(expected);

/** Turns a switch of the menu over, or chooses this value of a list. */
const setting = async (name: string, value?: string): Promise<void> => {
  const { page } = terminal;
  await page.getByRole('button', { name: 'Terminal settings' }).click();
  const control = page.getByRole(value === undefined ? 'switch' : 'combobox', { name });
  await (value === undefined ? control.click() : control.selectOption(value));
  await page.keyboard.press('Escape');
  await control.waitFor({ state: 'hidden' });
  await terminal.focus();
};

describe('keys of the terminal page', () => {
  it('are reported as a program asks, also to a page that was loaded again, and as ever once it has ended', async () => {
    await open();
    const { keyboard } = terminal.page;
    const press = async (): Promise<void> => {
      await terminal.page.reload();
      await terminal.until(/^asked/m);
      await terminal.focus();
      await keyboard.type('a');
      for (const key of ['Shift+Enter', 'Enter', 'Escape', 'Control+c', 'Control+i', 'Alt+x', 'ArrowUp'])
        await keyboard.press(key);
    };
    await sends('a\x1b[13;2u\r\x1b[27u\x1b[99;5u\x1b[105;5u\x1b[120;3u\x1b[A', press, String.raw`\033[>1u`);
    await terminal.run(String.raw`printf '\033[?u'; IFS= read -rs -d u flags; echo "flags $flags" | cat -v`);
    await terminal.until(/^flags \^\[\[\?1/m);
    await terminal.run(String.raw`printf '\033[<u'`);
    await sends('\r\x1b', () => keyboard.press('Shift+Enter').then(() => keyboard.press('Escape')));
  });

  it('with their releases, and as keys with their text, where that is asked for', async () => {
    await open();
    const { keyboard } = terminal.page;
    const press = async (): Promise<void> => {
      await keyboard.press('a');
      await keyboard.press('Shift+Enter');
    };
    await sends('\x1b[97;;97u\x1b[97;1:3u\x1b[57441;2u\x1b[13;2u', press, String.raw`\033[>27u`);
  });

  it('send Ctrl+V to the program, or paste with it by choice', async () => {
    await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    const { page } = terminal;
    await page.evaluate("navigator.clipboard.writeText('echo pasted')");
    await sends('\x16', () => page.keyboard.press('Control+v'));
    await setting('Ctrl+V pastes');
    await page.keyboard.press('Control+v');
    await terminal.until(/^\$ echo pasted/m);
    await page.keyboard.press('Enter');
    await terminal.until(/^pasted/m);
    await setting('Ctrl+V pastes');
    await sends('\x16', () => page.keyboard.press('Control+v'));
    await page.keyboard.press('Control+Shift+v');
    await terminal.until(/^\$ echo pasted/m);
  });

  it('compose characters with Option on a Mac, or send Meta with the one chosen', async () => {
    await open(
      {
        userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36',
      },
      'MacIntel',
    );
    const { page } = terminal;
    const devTools = await page.context().newCDPSession(page);
    /** As a German Mac does: Option and L is @. */
    const optionL = async (code: 'AltLeft' | 'AltRight'): Promise<void> => {
      const option = { key: 'Alt', code, windowsVirtualKeyCode: 18, location: code === 'AltLeft' ? 1 : 2 };
      const key = { key: '@', code: 'KeyL', windowsVirtualKeyCode: 76, modifiers: 1 };
      await devTools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', modifiers: 1, ...option });
      await devTools.send('Input.dispatchKeyEvent', { type: 'keyDown', text: '@', unmodifiedText: 'l', ...key });
      await devTools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
      await devTools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...option });
    };
    const both = (): Promise<void> => optionL('AltLeft').then(() => optionL('AltRight'));
    await sends('@@', both);
    await setting('Option key as Meta', 'left');
    await sends('\x1bl@', both);
  });
});

describe('a finger', () => {
  it('turns the wheel for a program that has the whole screen', async () => {
    await open();
    await terminal.run('seq 500 | less');
    await terminal.until(/^1\s*\n2\s/m);
    await terminal.page.evaluate(`(() => {
      const target = document.querySelector('[data-testid="terminal"] .xterm-screen');
      const touch = (clientY) => [new Touch({ identifier: 1, target, clientX: 50, clientY })];
      target.dispatchEvent(new TouchEvent('touchstart', { touches: touch(600), bubbles: true, cancelable: true }));
      for (const y of [400, 200])
        target.dispatchEvent(new TouchEvent('touchmove', { touches: touch(y), bubbles: true, cancelable: true }));
    })()`);
    // By 400 pixels, in lines of 17 to 20.
    await terminal.until(/^\s*2\d\s*\n/);
    await terminal.page.keyboard.press('q');
  });
});
