import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { usualContext } from './browser.ts';
import { eventually } from './rest.ts';

/** The web UI in one browser context, as a person uses it. */
export class TerminalPage {
  readonly page: Page;
  /** Messages that a page must never log: errors, and requests that the content security policy blocks. */
  readonly complaints: string[] = [];
  /** How often the page asked before it was left. */
  leaveQuestions = 0;
  readonly #context: BrowserContext;
  /** Local storage of a browser that was never used, as a script. */
  readonly #preferences: string;
  /** How many programs have read keys. */
  #programs = 0;
  /** With these programs. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'keys-'));

  private constructor(context: BrowserContext, page: Page, preferences: string) {
    this.#context = context;
    this.page = page;
    this.#preferences = preferences;
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('dialog', (dialog) => {
      if (dialog.type() === 'beforeunload') this.leaveQuestions += 1;
      void dialog.accept();
    });
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.complaints.push(message.text());
    });
  }

  static async open(
    browser: Browser,
    preferences: Record<string, unknown> = {},
    options: BrowserContextOptions = {},
  ): Promise<TerminalPage> {
    const context = await browser.newContext({ ...usualContext, ...options });
    // With this setting of its menu the text is in the page also where the emulator paints with WebGL. The settings of the account replace none.
    const kept = JSON.stringify(JSON.stringify({ screenReader: true, onlyHere: true, ...preferences }));
    const set = `localStorage.setItem('webxterm.terminal', ${kept})`;
    await context.addInitScript({ content: `localStorage.getItem('webxterm.terminal') ?? ${set}` });
    return new TerminalPage(context, await context.newPage(), set);
  }

  /** Another window of the same browser: it shares the sign-in. */
  async sibling(): Promise<TerminalPage> {
    return new TerminalPage(this.#context, await this.#context.newPage(), this.#preferences);
  }

  /** A window of the same sign-in in which nothing else is left of what earlier windows stored. */
  async fresh(): Promise<TerminalPage> {
    const window = await this.sibling();
    // Once: session storage outlives a reload, and no other window has it.
    await window.page.addInitScript({
      content: `if (sessionStorage.getItem('fresh') === null) {
        for (const key of Object.keys(localStorage)) if (key !== 'webxterm.half') localStorage.removeItem(key);
        ${this.#preferences};
        sessionStorage.setItem('fresh', '');
      }`,
    });
    return window;
  }

  async signIn(url: string, account: { email: string; password: string }): Promise<void> {
    await this.page.goto(url);
    await this.page.getByLabel('E-mail').fill(account.email);
    await this.page.getByLabel('Password', { exact: true }).fill(account.password);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  /** Opens a machine's terminal from the dashboard; resolves once its shell has prompted. */
  async openTerminal(name: string): Promise<void> {
    const row = this.page.getByRole('row').filter({ hasText: name });
    await row.getByText(/online/i).waitFor();
    await row.getByRole('link', { name: /terminal/i }).click();
    await this.#prompted();
  }

  /** Opens a machine's terminal by its address, with a short prompt and an empty screen. */
  async openShell(url: string, agentId: string): Promise<void> {
    await this.page.goto(`${url}/terminal/${agentId}`);
    await this.#prompted();
    await this.run("PS1='$ '; clear");
    await this.until(/^\$\s*$/m);
  }

  async #prompted(): Promise<void> {
    await this.until(/[$#%>]\s*$/m);
    await this.focus();
  }

  focus(): Promise<void> {
    return this.page.getByTestId('terminal').first().click();
  }

  /** The text of the emulator, without the characters that are drawn over it. */
  screen(): Promise<string> {
    return this.page.getByTestId('terminal').first().locator('.xterm-accessibility-tree').innerText();
  }

  /** Resolves with the screen that shows `wanted`; the error holds the last one that did not. */
  async until(wanted: RegExp): Promise<string> {
    let last = '';
    try {
      return await eventually(`screen with ${wanted}`, async () => {
        last = await this.screen();
        return wanted.test(last) ? last : undefined;
      });
    } catch (error) {
      throw new Error(`the screen showed ${JSON.stringify(last.replaceAll(/\s+\n/g, '\n'))}`, { cause: error });
    }
  }

  /** Opens the settings beside the terminal. */
  async openSettings(): Promise<void> {
    await this.page.getByRole('button', { name: 'Terminal menu' }).click();
    await this.page.getByRole('menuitem', { name: 'Settings' }).click();
    await this.page.getByRole('dialog', { name: 'Terminal settings' }).waitFor();
  }

  /** Closes the settings, and gives the keys to the shell again. */
  async closeSettings(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.page.getByRole('dialog', { name: 'Terminal settings' }).waitFor({ state: 'hidden' });
    await this.focus();
  }

  /** Turns a switch of the settings over, or chooses this value of a list. */
  async setting(name: string, value?: string): Promise<void> {
    await this.openSettings();
    const control = this.page.getByRole(value === undefined ? 'switch' : 'combobox', { name });
    await (value === undefined ? control.click() : control.selectOption(value));
    await this.closeSettings();
  }

  /** Gives the page a clipboard event, as the browser does for Ctrl+V. */
  paste(text: string): Promise<unknown> {
    return this.page.evaluate(`{
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', ${JSON.stringify(text)});
      document.querySelector('.xterm-helper-textarea')
        .dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }`);
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Runs a line, which is inserted as a whole, as dictation does: by keys, each character costs a round trip to the shell. */
  async run(line: string): Promise<void> {
    await this.page.keyboard.insertText(line);
    await this.page.keyboard.press('Enter');
  }

  /** Bytes, each as a character, that `press` sends to a program that has written `asks` and reads so many of them. At most 40. */
  async sent(count: number, asks: string, press: () => Promise<void>): Promise<string> {
    this.#programs += 1;
    const program = this.#programs;
    const dump = `head -c ${count} | od -An -v -tx1 | tr -d '\\n'`;
    // In a file: the agent runs on this machine, and each key costs time. Input after these bytes, such as the releases of keys, is
    // echoed only below the answer.
    const file = join(this.#folder, `p${program}`);
    writeFileSync(
      file,
      `clear; stty raw -echo; printf '${asks}asked ${program}\\r\\n'; got=$(${dump}); printf "got ${program}:$got.\\r\\n"; stty sane\n`,
    );
    await this.run(`. ${file}`);
    await this.until(new RegExp(`^asked ${program}`, 'm'));
    await press();
    const got = new RegExp(`^got ${program}: ([\\da-f ]+)\\.`, 'm');
    const [, hex = ''] = got.exec(await this.until(got)) ?? [];
    return Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('latin1');
  }

  state(): Promise<string> {
    return this.page.getByTestId('terminal-state').first().innerText();
  }

  /** Closes all windows of the browser, which stays signed in. */
  async closeWindows(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    await Promise.all(this.#context.pages().map((page) => page.close()));
  }

  close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    return this.#context.close();
  }
}
