import { describe, expect, it } from 'vitest';
import { eventually } from './support/rest.ts';
import { stack } from './support/use-stack.ts';
import { terminal, useTerminalPage } from './support/use-terminal-page.ts';

useTerminalPage({ webgl: true });

describe('the terminal page', () => {
  it('lets the user name a shell by mouse or by keyboard alone, and keeps the name over a reload and over a title', async () => {
    const { page } = terminal;
    const name = page.getByRole('textbox', { name: 'Name of this shell' });
    await page.getByRole('tab').dblclick();
    await name.fill('build');
    await name.press('Enter');
    await page.getByRole('tab', { name: 'build' }).press('F2');
    await page.keyboard.type('build two');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'build two' }).press('F2');
    await page.keyboard.type('nothing');
    await page.keyboard.press('Escape');
    await terminal.focus();
    await terminal.run("printf '\\033]0;title of a program\\007'; echo titled");
    await terminal.until(/^titled/m);
    await page.reload();
    await page.getByRole('tab', { name: 'build two' }).waitFor();
    await page.getByRole('tab', { name: 'build two' }).press('F2');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'title of a program' }).waitFor();
  });

  it('shows that a shell was taken over in another window, and takes it back on request', async () => {
    await terminal.run('echo pid $$');
    const pid = /pid (\d+)/.exec(await terminal.until(/^pid \d+/m))?.[1];
    // A window with the very same tabs: it passes for the same viewer.
    const kept = await terminal.page.evaluate<[string, string][]>('Object.entries(sessionStorage)');
    const other = await terminal.sibling();
    await other.page.addInitScript({
      content: `for (const [key, value] of ${JSON.stringify(kept)})
        sessionStorage.getItem(key) ?? sessionStorage.setItem(key, value.replace('"inUse":true', '"inUse":false'));`,
    });
    await other.page.goto(terminal.page.url());
    await other.until(/^pid \d+/m);
    await eventually('the take-over', async () => ((await terminal.state()).includes('taken over') ? true : undefined));
    await terminal.page.getByRole('button', { name: 'Use it here' }).click();
    await terminal.focus();
    await terminal.run('echo still $$');
    expect(/still (\d+)/.exec(await terminal.until(/^still \d+/m))?.[1]).toBe(pid);
    await eventually('the other one to be informed', async () =>
      (await other.state()).includes('taken over') ? true : undefined,
    );
  });

  it('pastes text without the control characters that could run it', async () => {
    // Keys that arrive while the shell still edits its line stay in raw form: cat gets a return and no newline.
    await terminal.run("echo rea''dy; cat -A");
    await terminal.until(/^ready/m);
    await terminal.paste('one\x1b[201~two\ttab\nnext\x03\x04\x9b line\n');
    await terminal.page.getByRole('button', { name: 'Paste', exact: true }).last().click();
    await terminal.until(/one\[201~two\^Itab\$/);
    await terminal.until(/^next line\$/m);
    await terminal.page.keyboard.press('Control+c');
  });

  it('shows the target of a link of a program, and opens only http and https targets, after a confirmation', async () => {
    const { page } = terminal;
    const link = (target: string, words: string): Promise<void> =>
      terminal.run(`clear; printf '\\033]8;;${target}\\033\\\\${words}\\033]8;;\\033\\\\\\n'`);
    await link(`${stack.url}/elsewhere`, 'harmless words');
    await terminal.until(/^harmless words/m);
    const clickFirstCell = async (): Promise<void> => {
      const box = await page.getByTestId('terminal').first().locator('.xterm-screen').boundingBox();
      await page.mouse.move((box?.x ?? 0) + 30, (box?.y ?? 0) + 40);
      await page.mouse.move((box?.x ?? 0) + 30, (box?.y ?? 0) + 8, { steps: 4 });
      await page.mouse.click((box?.x ?? 0) + 30, (box?.y ?? 0) + 8);
    };
    await clickFirstCell();
    const shown = page.getByRole('link', { name: `${stack.url}/elsewhere` });
    await shown.waitFor();
    expect(await shown.getAttribute('rel')).toBe('noopener noreferrer');
    expect(page.context().pages()).toHaveLength(1);
    await page.getByRole('button', { name: 'Do not open' }).click();
    await link('javascript:alert(1)', 'worse words');
    await terminal.until(/^worse words/m);
    await clickFirstCell();
    await terminal.run('echo after');
    await terminal.until(/^after/m);
    expect(await page.getByRole('button', { name: 'Do not open' }).count()).toBe(0);
  });

  it('asks for permission once before a program writes the clipboard, and never lets one read it', async () => {
    const { page } = terminal;
    await page.evaluate(`window.copied = []; navigator.clipboard
      ? (navigator.clipboard.writeText = async (text) => void window.copied.push(text))
      : (document.execCommand = () => (window.copied.push(String(document.getSelection())), true))`);
    const question = page.getByRole('alertdialog', { name: 'Clipboard' });
    await terminal.run(`printf '\\033]52;c;?\\007'; printf '\\033]52;c;%s\\007' "$(printf first | base64)"`);
    await question.waitFor();
    expect(await page.evaluate('window.copied')).toEqual([]);
    await question.getByRole('button', { name: 'Allow' }).click();
    await eventually('the first text', async () =>
      (await page.evaluate<string[]>('window.copied')).join() === 'first' ? true : undefined,
    );
    await terminal.run(`printf '\\033]52;c;%s\\007' "$(printf second | base64)"`);
    await eventually('the second text', async () =>
      (await page.evaluate<string[]>('window.copied')).join() === 'first,second' ? true : undefined,
    );
    expect(await question.count()).toBe(0);
    // The answer to the query would appear on the command line.
    await terminal.run('echo line');
    expect((await terminal.until(/^line/m)).match(/52;c/g)).toHaveLength(3);
  });

  it('shows no question, rings no bell and types nothing when output is replayed', async () => {
    // The program takes the answers itself, as one that asks does; the last of them ends in R.
    const ask = `printf '\\033]52;c;%s\\007\\033[c\\033[6n' "$(printf old | base64)"`;
    await terminal.run(`${ask}; IFS= read -rs -d R answers; echo as''ked "\${answers//[^[:print:]]/}"`);
    await terminal.page.getByRole('button', { name: 'Block' }).click();
    await terminal.until(/^asked \[\?1;2c\[\d+;\d+/m);
    await terminal.run('clear; echo before');
    await terminal.until(/^before/m);
    await terminal.page.reload();
    await terminal.until(/^before/m);
    await terminal.focus();
    await terminal.run('echo after');
    expect(await terminal.until(/^after/m)).toMatch(/^before\s*\n\$ echo after\s*\nafter/m);
    expect(await terminal.page.getByRole('alertdialog').count()).toBe(0);
  });

  it('accepts dictated text, scrolls by a finger, and shows the prompt of a larger window or takes its size', async () => {
    const { page } = terminal;
    // As dictation, an emoji picker and many input methods insert it: without a key.
    await page.keyboard.insertText('echo dictated 😀');
    await page.keyboard.press('Enter');
    await terminal.until(/^dictated 😀/m);
    await terminal.run('seq 200');
    await terminal.until(/^200/m);
    const prevented = await page.evaluate(`(() => {
      const target = document.querySelector('[data-testid="terminal"] .xterm-screen');
      const touch = (clientY) => [new Touch({ identifier: 1, target, clientX: 50, clientY })];
      target.dispatchEvent(new TouchEvent('touchstart', { touches: touch(100), bubbles: true, cancelable: true }));
      return [400, 700, 1000, 1300].map((y) =>
        target.dispatchEvent(new TouchEvent('touchmove', { touches: touch(y), bubbles: true, cancelable: true })) === false);
    })()`);
    expect(prevented).toEqual([true, true, true, true]);
    await terminal.until(/^130\s/m);
    await terminal.run('clear; stty size');
    const large = /^(\d+ \d+)/m.exec(await terminal.until(/^\d+ \d+/m))?.[1];
    const kept = await page.evaluate<[string, string][]>('Object.entries(sessionStorage)');
    const sessionId = /"sessionId":"([^"]+)"/.exec(JSON.stringify(kept).replaceAll('\\', ''))?.[1];
    const other = await terminal.sibling();
    await other.page.setViewportSize({ width: 500, height: 400 });
    await other.page.goto(`${page.url()}?session=${sessionId}`);
    await other.until(/^\d+ \d+/m);
    const scrolls = `(({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
      [scrollWidth > clientWidth + 100, scrollHeight > clientHeight + 100])
      (document.querySelector('[data-testid="terminal"]').parentElement)`;
    expect(await other.page.evaluate(scrolls)).toEqual([true, true]);
    await other.page.getByRole('button', { name: 'Use my size' }).click();
    await other.run('clear; stty size');
    const small = await eventually('the size of the smaller window', async () => {
      const size = /^(\d+ \d+)/m.exec(await other.screen())?.[1];
      return size !== undefined && size !== large ? size : undefined;
    });
    expect(Number(small.split(' ')[0])).toBeLessThan(Number(large?.split(' ')[0]));
  });

  it('can be used by keyboard alone: keys, tabs, menu, search, and back to the shell', async () => {
    const { page } = terminal;
    const { keyboard } = page;
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement?.ariaLabel ?? document.activeElement?.role');
    await keyboard.press('Control+Shift+?');
    const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await keys.waitFor();
    // Until then Escape is for the shell too, whose next letter it would take as one with Alt.
    const inDialog = 'document.activeElement?.closest("[role=dialog]") !== null';
    await eventually('the dialog to take the keys', async () => ((await page.evaluate(inDialog)) ? true : undefined));
    await keyboard.press('Escape');
    await keys.waitFor({ state: 'hidden' });
    await eventually('the terminal again', async () => ((await focused()) === 'Terminal input' ? true : undefined));
    await keyboard.press('Control+Shift+ArrowUp');
    expect(await page.evaluate('document.activeElement?.getAttribute("role")')).toBe('tab');
    for (const next of [
      'Close',
      'New shell tab',
      'Split',
      'Share this terminal',
      'Search terminals and machines',
      'Terminal menu',
    ]) {
      await keyboard.press('Tab');
      expect(await focused()).toContain(next);
    }
    await keyboard.press('Enter');
    await page.getByRole('menuitem', { name: /Find/ }).waitFor();
    await keyboard.press('Escape');
    for (const _ of ['search', 'share', 'split', 'new']) await keyboard.press('Shift+Tab');
    await keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Shell 2' }).waitFor();
    await terminal.until(/[$#%>]\s*$/m);
    await terminal.run('echo second');
    await terminal.until(/^second/m);
    await keyboard.press('Control+Shift+ArrowLeft');
    await terminal.run('echo first');
    await terminal.until(/^first/m);
    await keyboard.press('Control+Shift+F');
    await keyboard.type('first');
    await keyboard.press('Escape');
    await terminal.run('echo back');
    await terminal.until(/^back/m);
  });

  it('shows the round trip, and that the shell continues while the gateway is unavailable', async () => {
    await terminal.page.getByText(/Round trip\s*[\d.]+ ms/).waitFor();
    await stack.stopProcess('gateway-1');
    await eventually('the break', async () => ((await terminal.state()).startsWith('Reconnecting') ? true : undefined));
    await terminal.type('echo kept');
    await stack.startProcess('gateway-1');
    await terminal.until(/^\$ echo kept/m);
    await terminal.run('');
    await terminal.until(/^kept/m);
    expect(await terminal.state()).toBe('Connected');
  });
});
