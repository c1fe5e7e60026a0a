import { describe, expect, it } from 'vitest';
import { eventually } from './support/rest.ts';
import { browser, stack } from './support/use-stack.ts';
import { openTerminalPage, terminal, useTerminalPages } from './support/use-terminal-page.ts';

useTerminalPages();

describe('the app', () => {
  it('can be installed: the browser accepts its manifest and its icons', async () => {
    await openTerminalPage();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(stack.url);
    const devtools = await context.newCDPSession(page);
    const { url, data, errors } = await devtools.send('Page.getAppManifest');
    expect([url, errors]).toEqual([`${stack.url}/manifest.webmanifest`, []]);
    const { icons, shortcuts } = JSON.parse(data ?? '') as Record<'icons' | 'shortcuts', Record<string, string>[]>;
    for (const { src, sizes } of icons) {
      const size = await page.evaluate(`(async () => {
        const { width, height } = await createImageBitmap(await (await fetch('${src}')).blob());
        return width + 'x' + height;
      })()`);
      expect([src, size]).toEqual([src, sizes]);
    }
    for (const { url: path } of shortcuts) expect((await fetch(`${stack.url}${path}`)).status).toBe(200);
    expect(await devtools.send('Page.getInstallabilityErrors')).toEqual({ installabilityErrors: [] });
    await context.close();
  });

  it('gives the shell every key of the browser in full screen, until it is left', async () => {
    await openTerminalPage(
      {},
      `window.locks = [];
      const { lock, unlock } = Keyboard.prototype;
      Keyboard.prototype.lock = function (keys) { window.locks.push(['lock', keys ?? 'all']); return lock.call(this, keys); };
      Keyboard.prototype.unlock = function () { window.locks.push(['unlock']); return unlock.call(this); };`,
    );
    const { page } = terminal;
    const choose = async (name: string): Promise<void> => {
      await page.getByRole('button', { name: 'Terminal menu' }).click();
      await page.getByRole('menuitem', { name }).click();
    };
    const until = (isFull: boolean) =>
      eventually(`full screen ${isFull}`, async () =>
        (await page.evaluate('document.fullscreenElement !== null')) === isFull ? true : undefined,
      );
    await choose('Full screen');
    await until(true);
    await terminal.focus();
    await terminal.run('echo in full screen');
    await terminal.until(/^in full screen/m);
    await choose('Leave full screen');
    await until(false);
    const locks = await eventually('the end of the lock', async () => {
      const all = (await page.evaluate('window.locks')) as string[][];
      return all.length > 1 ? all : undefined;
    });
    expect(locks).toEqual([['lock', 'all'], ['unlock']]);
  });
});
