import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { eventually } from './rest.ts';

/** The web UI in one browser context, as a person uses it. */
export class TerminalPage {
  readonly page: Page;
  /** What a page should never say: errors, and blocked by the content security policy. */
  readonly complaints: string[] = [];
  /** How often the page asked before it was left. */
  leaveQuestions = 0;
  readonly #context: BrowserContext;
  /** How many programs have read keys. */
  #programs = 0;
  /** With these programs. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'keys-'));

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
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
    // Without motion nothing has to be painted again and again in software: no blinking cursor, no fading dialog.
    const usual = { viewport: { width: 1200, height: 800 }, reducedMotion: 'reduce' } as const;
    const context = await browser.newContext({ ...usual, ...options });
    // The emulator paints with WebGL; with this setting of its menu the text is in the page too.
    const kept = JSON.stringify(JSON.stringify({ screenReader: true, ...preferences }));
    await context.addInitScript({
      content: `localStorage.getItem('webxterm.terminal') ?? localStorage.setItem('webxterm.terminal', ${kept})`,
    });
    return new TerminalPage(context, await context.newPage());
  }

  /** Another window of the same browser: it shares the sign-in. */
  async sibling(): Promise<TerminalPage> {
    return new TerminalPage(this.#context, await this.#context.newPage());
  }

  async signIn(url: string, account: { email: string; password: string }): Promise<void> {
    await this.page.goto(url);
    await this.page.getByLabel('E-mail').fill(account.email);
    await this.page.getByLabel('Password', { exact: true }).fill(account.password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Opens a machine's terminal from the dashboard; resolves once its shell has prompted. */
  async openTerminal(name: string): Promise<void> {
    const row = this.page.getByRole('row').filter({ hasText: name });
    await row.getByText(/online/i).waitFor();
    await row.getByRole('link', { name: /terminal/i }).click();
    await this.until(/[$#%>]\s*$/m);
    await this.focus();
  }

  focus(): Promise<void> {
    return this.page.getByTestId('terminal').first().click();
  }

  /** What the emulator shows: nothing of what is drawn over it. */
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

  /** Runs a line. */
  run(line: string): Promise<void> {
    return this.type(`${line}\n`);
  }

  /** Bytes, each as a character, that `press` sends to a program that has written `asks` and reads so many of them. At most 40. */
  async sent(count: number, asks: string, press: () => Promise<void>): Promise<string> {
    this.#programs += 1;
    const program = this.#programs;
    const dump = `head -c ${count} | od -An -v -tx1 | tr -d '\\n'`;
    // In a file: the agent runs on this machine, and each key costs time. What comes after these bytes, as the releases of keys, is
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

  close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    return this.#context.close();
  }
}
