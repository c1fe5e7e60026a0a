import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { eventually } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, rest, stack } from './support/use-stack.ts';
import { terminal, useTerminalPage } from './support/use-terminal-page.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'webxterm-settings-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

useTerminalPage();

/** The background of the frame around the emulator, and what the emulator itself draws on. */
const background = (): Promise<string> =>
  terminal.page.evaluate(
    `getComputedStyle(document.querySelector('[data-testid="terminal"]').parentElement).backgroundColor`,
  );

/** Height of a row and width of a column, CSS pixels. */
const cell = (): Promise<{ width: number; height: number }> =>
  terminal.page.evaluate(`(() => {
    const { clientWidth, clientHeight } = document.querySelector('[data-testid="terminal"] .xterm-screen');
    const rows = document.querySelectorAll('[data-testid="terminal"] .xterm-accessibility-tree > *').length;
    return { width: clientWidth, height: clientHeight / rows };
  })()`);

const itermColours = (red: string): string => {
  const entry = (name: string, parts: readonly string[]): string =>
    `<key>${name}</key><dict>${['Red', 'Green', 'Blue'].map((part, at) => `<key>${part} Component</key><real>${parts[at]}</real>`).join('')}</dict>`;
  const ansi = Array.from({ length: 16 }, (_, at) => entry(`Ansi ${at} Color`, ['0.5', String(at / 16), '1']));
  return `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
    <plist version="1.0"><dict>${ansi.join('')}${entry('Background Color', [red, '0', '0.2'])}${entry('Foreground Color', ['1', '1', '1'])}</dict></plist>`;
};

describe('the settings of the terminal', () => {
  it('take effect at once, and are kept over a reload', async () => {
    const { page } = terminal;
    const before = await cell();
    await terminal.openSettings();
    await page.getByRole('button', { name: 'Larger font' }).click();
    await page.getByRole('button', { name: 'Higher lines' }).click();
    await page.getByRole('radio', { name: 'Nord' }).click();
    await page.getByRole('combobox', { name: 'Cursor' }).selectOption('bar');
    await eventually('the new colours', async () => ((await background()) === 'rgb(46, 52, 64)' ? true : undefined));
    await eventually('higher lines', async () => ((await cell()).height > before.height + 1 ? true : undefined));
    expect(await violations(page)).toEqual([]);
    await terminal.closeSettings();
    await page.reload();
    await terminal.until(/^\$/m);
    expect(await background()).toBe('rgb(46, 52, 64)');
    await terminal.openSettings();
    expect(await page.getByRole('combobox', { name: 'Cursor' }).inputValue()).toBe('bar');
    await page.getByRole('button', { name: 'Restore the defaults' }).click();
    await eventually('the usual colours', async () => ((await background()) === 'rgb(46, 52, 64)' ? undefined : true));
  });

  it('take colours from a file of iTerm2, and say what is wrong with another file', async () => {
    const { page } = terminal;
    const choose = async (name: string, text: string): Promise<void> => {
      writeFileSync(join(folder, name), text);
      const chooser = page.waitForEvent('filechooser');
      await page.getByRole('button', { name: 'Import a scheme' }).click();
      await (await chooser).setFiles(join(folder, name));
    };
    await terminal.openSettings();
    await choose('broken.itermcolors', itermColours('0.1').replace('Ansi 3 Color', 'Ansi three'));
    await page.getByRole('alert').filter({ hasText: 'broken.itermcolors is no colour scheme' }).waitFor();
    await choose('Sunset.itermcolors', itermColours('0.4'));
    await eventually('the imported colours', async () =>
      (await background()) === 'rgb(102, 0, 51)' ? true : undefined,
    );
    expect(await page.getByRole('radio', { name: 'Sunset' }).isChecked()).toBe(true);
    await terminal.closeSettings();
  });

  it('give a font that is not installed away, and use the usual one', async () => {
    const { page } = terminal;
    const { width } = await cell();
    await terminal.openSettings();
    await page.getByRole('combobox', { name: 'Font', exact: true }).fill('No Such Font 1');
    await page.getByText('This device has no font of this name.').waitFor();
    // Closes the list of the fonts.
    await page.keyboard.press('Tab');
    expect((await cell()).width).toBe(width);
    await terminal.closeSettings();
  });
});

describe('a font that comes with the page', () => {
  it('is loaded once it is chosen, measured anew, and drawn with ligatures by choice', async () => {
    const { page } = terminal;
    const fonts = (): Promise<string[]> =>
      page.evaluate(
        `performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('.woff2'))`,
      );
    expect(await fonts()).toEqual([]);
    const before = await cell();
    await terminal.openSettings();
    await page.getByRole('combobox', { name: 'Font', exact: true }).click();
    await page.getByRole('option', { name: 'JetBrains Mono' }).click();
    await eventually('other characters', async () => ((await cell()).width === before.width ? undefined : true));
    expect((await fonts()).map((name) => name.replace(/.*jetbrains-mono-(.*)-normal.*/, '$1')).toSorted()).toEqual([
      'latin-400',
      'latin-700',
    ]);
    await page.getByRole('switch', { name: 'Ligatures' }).click();
    await terminal.closeSettings();
    await terminal.run("printf 'a => b\\n'");
    const joined = page.locator('[data-testid=terminal] .xterm-rows span').filter({ hasText: /^=>$/ });
    await joined.first().waitFor();
    await terminal.openSettings();
    await page.getByRole('button', { name: 'Restore the defaults' }).click();
    await joined.first().waitFor({ state: 'detached' });
    await terminal.closeSettings();
  });
});

describe('the settings of an account', () => {
  const path = '/api/profile/preferences';
  const storedBell = (wanted: string): Promise<boolean> =>
    eventually(`the bell ${wanted} on the server`, async () => {
      const { body } = await rest.get<{ terminal: { bell: string } | null }>(path);
      return body.terminal?.bell === wanted ? true : undefined;
    });

  it('are those of its other browsers, except of one that has its own', async () => {
    const other = await TerminalPage.open(browser, { onlyHere: false });
    await other.signIn(stack.url, stack.admin);
    await other.page.getByRole('table', { name: 'Machines' }).waitFor();
    await other.openShell(stack.url, ownMachine.agent_id);
    await other.setting('Bell', 'flash');
    await storedBell('flash');
    const bell = terminal.page.getByRole('combobox', { name: 'Bell' });
    await terminal.page.reload();
    await terminal.until(/^\$/m);
    await terminal.openSettings();
    expect(await bell.inputValue()).toBe('none');
    await terminal.page.getByRole('switch', { name: 'Only in this browser' }).click();
    await eventually('the bell of the account', async () => ((await bell.inputValue()) === 'flash' ? true : undefined));
    // A server that cannot store them now gets them when the page opens again.
    await other.page.route(`**${path}`, (route) => route.abort());
    await other.openSettings();
    await other.page.getByRole('combobox', { name: 'Bell' }).selectOption('sound');
    await other.page.getByText('Your account has not stored the last change yet.').waitFor();
    expect(await violations(other.page)).toEqual([]);
    await other.page.unroute(`**${path}`);
    await other.page.reload();
    await storedBell('sound');
    await other.closeWindows();
  });
});

describe('a paste of several lines', () => {
  const dialog = () => terminal.page.getByRole('dialog', { name: /^Paste / });

  it('is asked about where a program would execute each line, and is pasted, joined, or left', async () => {
    const { page } = terminal;
    await terminal.paste('echo at the\necho prompt');
    // The shell has bracketed paste: nothing is executed, and nothing is asked.
    await terminal.until(/echo prompt$/m);
    await page.keyboard.press('Control+c');
    await terminal.run("clear; echo rea''dy; cat -A");
    await terminal.until(/^ready/m);
    await terminal.paste('never\nsent\n');
    await dialog().getByText('Paste 2 lines?').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    await terminal.paste('one\ntwo');
    await dialog().getByRole('button', { name: 'Paste as one line' }).click();
    await terminal.until(/one two$/m);
    await terminal.type('\n');
    await terminal.until(/^one two\$$/m);
    await terminal.paste('three\nfour\n');
    await dialog().getByLabel('Do not ask again').click();
    await dialog().getByRole('button', { name: 'Paste', exact: true }).click();
    await terminal.until(/^three\$[\s\S]*^four\$/m);
    await terminal.paste('five\nsix\n');
    expect(await terminal.until(/^six\$/m)).not.toContain('never');
    await page.keyboard.press('Control+c');
  });
});

describe('output', () => {
  it('that arrives below the visible part is announced by a button that scrolls to it', async () => {
    const { page } = terminal;
    const flag = join(folder, 'go-on');
    await terminal.run(`clear; seq 300; echo first; while [ ! -e '${flag}' ]; do sleep 0.1; done; echo se''cond`);
    await terminal.until(/^first/m);
    const button = page.getByRole('button', { name: 'New output below' });
    await page.getByTestId('terminal').hover();
    await page.mouse.wheel(0, -2000);
    await terminal.until(/^270\s/m);
    expect(await button.count()).toBe(0);
    writeFileSync(flag, '');
    await button.click();
    await terminal.until(/^second/m);
    await button.waitFor({ state: 'detached' });
  });

  it('is saved as text with its wrapped lines joined, and cleared from the scrollback', async () => {
    const { page } = terminal;
    const long = 'x'.repeat(300);
    await terminal.run(`clear; seq 200; echo '${long}'; echo e''nd`);
    await terminal.until(/^end/m);
    const saved = async (): Promise<string> => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Terminal menu' }).click();
      await page.getByRole('menuitem', { name: 'Save the output as text' }).click();
      const file = join(folder, 'output.txt');
      await (await download).saveAs(file);
      return readFileSync(file, 'utf8');
    };
    const text = await saved();
    expect(text).toMatch(/^1\n2\n3\n/);
    expect(text).toContain(`\n200\n${long}\nend\n`);
    await page.getByRole('button', { name: 'Terminal menu' }).click();
    await page.getByRole('menuitem', { name: 'Clear the scrollback' }).click();
    expect(await saved()).not.toMatch(/^3$/m);
  });

  it('has the commands that the shell marks: prompts to jump to, the output of the last one to copy', async () => {
    const { page } = terminal;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copy = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Terminal menu' }).click();
      await page.getByRole('menuitem', { name: 'Copy the output of the last command' }).click();
    };
    await copy();
    await page.getByText('vsay-agent shell-integration').waitFor();
    const snippet = join(folder, 'marks.bash');
    const agent = fileURLToPath(new URL('../clients/agent/src/main.ts', import.meta.url));
    writeFileSync(snippet, execFileSync(process.execPath, [agent, 'shell-integration', 'bash']));
    await terminal.focus();
    await terminal.run(`. ${snippet}`);
    await terminal.run('seq 100');
    await terminal.run('seq 201 300; false');
    await terminal.until(/^300\s+\$/m);
    await copy();
    await page.getByText('100 lines copied.').waitFor();
    const lines = Array.from({ length: 100 }, (_none, at) => `${at + 201}\n`).join('');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(lines);
    await terminal.focus();
    await page.keyboard.press('Control+Shift+Z');
    await terminal.until(/^\$ seq 201/);
    await page.keyboard.press('Control+Shift+Z');
    await terminal.until(/^\$ seq 100/);
    await page.keyboard.press('Control+Shift+X');
    await terminal.until(/^\$ seq 201/);
  });

  it('is copied when it is selected, by choice', async () => {
    const { page } = terminal;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await terminal.setting('Copy what is selected');
    await terminal.run('clear; echo picked words');
    await terminal.until(/^picked words/m);
    const box = await page.getByTestId('terminal').locator('.xterm-screen').boundingBox();
    await page.mouse.click((box?.x ?? 0) + 20, (box?.y ?? 0) + 8, { clickCount: 3 });
    await eventually('the text on the clipboard', async () =>
      (await page.evaluate<string>('navigator.clipboard.readText()')).trim() === 'picked words' ? true : undefined,
    );
  });

  it('is copied as HTML with its colours, and without the blanks at the ends of lines', async () => {
    const { page } = terminal;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await terminal.run("clear; printf '\\033[31mred <b>\\033[0m   \\nplain  \\n'");
    const copy = async (label: string): Promise<void> => {
      await page.getByRole('button', { name: 'Terminal menu' }).click();
      await page.getByRole('menuitem', { name: label }).click();
    };
    const read = (type: string): Promise<string> =>
      page.evaluate(
        `navigator.clipboard.read().then(([item]) => item.getType('${type}')).then((blob) => blob.text()).catch(() => '')`,
      );
    await copy('Copy as HTML');
    const html = await eventually('the HTML', async () => (await read('text/html')) || undefined);
    expect(html).toMatch(/color: ?(#[0-9a-f]{6}|rgb\([^)]*\));?'?"?>red &lt;b&gt;/);
    await copy('Copy without trailing spaces');
    const text = await eventually('the text', async () => {
      const copied = await read('text/plain');
      return /plain/.test(copied) && !/ $/m.test(copied) ? copied : undefined;
    });
    expect(text).toContain('red <b>\nplain\n');
  });
});
