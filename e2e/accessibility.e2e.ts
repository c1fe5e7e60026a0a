import { describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, stack, useStackAndBrowser } from './support/use-stack.ts';

useStackAndBrowser();

const signedOut = ['/login', '/signup', '/setup', '/sign-in/test'];
const framed = (machine: string): string[] => [
  '/',
  '/dashboard',
  '/sessions',
  '/recordings',
  '/runs',
  '/runs/new',
  '/machines/add',
  `/machines/${machine}`,
  `/machines/${machine}/files`,
  '/profile',
  '/updates',
  '/users',
  '/groups',
  '/audit',
];

describe.each(['light', 'dark'] as const)('each page in the %s theme', (colorScheme) => {
  it('has no violation that axe finds, one heading of level 1, and no sideways scroll at 320 px', async () => {
    const view = await TerminalPage.open(browser, {}, { colorScheme });
    const { page } = view;
    const check = async (what: string): Promise<void> => {
      expect([what, await violations(page)]).toEqual([what, []]);
      expect([what, await page.getByRole('heading', { level: 1 }).count()]).toEqual([what, 1]);
    };
    const visit = async (path: string): Promise<void> => {
      await page.goto(`${stack.url}${path}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
    };
    for (const path of signedOut) {
      await visit(path);
      await check(path);
    }
    await view.signIn(stack.url, stack.admin);
    await page.getByRole('table', { name: 'Machines' }).waitFor();
    for (const path of framed(ownMachine.agent_id)) {
      await visit(path);
      await check(path);
      await page.setViewportSize({ width: 320, height: 640 });
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 320]);
      await page.setViewportSize({ width: 1200, height: 800 });
    }
    await page.getByRole('button', { name: 'Account of' }).click();
    await page.getByRole('menuitem', { name: 'About WebXTerm' }).click();
    const about = page.getByRole('dialog', { name: 'About WebXTerm' });
    await about.getByText(/^WebXTerm \d+\.\d+\.\d+/).waitFor();
    await about.getByRole('row', { name: 'agent-hub Works' }).waitFor();
    expect(['about', await violations(page)]).toEqual(['about', []]);
    await visit('/machines/add');
    await page.getByLabel('Name', { exact: true }).fill(`axe-${colorScheme}`);
    await page.getByRole('button', { name: 'Get the install command' }).click();
    await page.getByText(`Waiting for axe-${colorScheme} to connect`).waitFor();
    await check('the install command');
    expect(view.complaints).toEqual([]);
    await view.close();
  }, 300_000);
});

describe('a change of the page', () => {
  it('moves the focus to the heading of the new page, and announces its title', async () => {
    const view = await TerminalPage.open(browser);
    const { page } = view;
    await view.signIn(stack.url, stack.admin);
    await page.getByRole('table', { name: 'Machines' }).waitFor();
    for (const name of ['Sessions', 'Dashboard', 'Machines']) {
      await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click();
      await page.getByRole('heading', { level: 1, name }).and(page.locator(':focus')).waitFor();
      expect(await page.title()).toContain(name);
    }
    await view.close();
  });
});
