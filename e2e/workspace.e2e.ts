import { appendFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { eventually } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, rest, stack } from './support/use-stack.ts';
import { terminal, useTerminalPage } from './support/use-terminal-page.ts';
import { type AgentRun, VsayAgent } from './support/vsay-agent.ts';

useTerminalPage({ webgl: true });

/** An account that the second machine allows, and does not have. */
const missing = 'no-such-account';
let second: AgentRun | undefined;
beforeEach(async () => {
  if (second !== undefined) return;
  const created = await rest.post<{ registration_token: string }>('/api/machines', { name: 'second-machine' });
  const agent = new VsayAgent();
  await agent.finish('configure', '--token', created.body.registration_token, '--host', stack.url);
  appendFileSync(agent.config, `other_linux_users: ['${missing}', '*']\n`);
  second = agent.run('start');
});
afterEach(async ({ task }) => {
  if (task.name.startsWith('holds')) await second?.stop();
});

const tab = (name: string | RegExp) => terminal.page.getByRole('tab', { name });

describe('the workspace', () => {
  it('shows the title and the program of a session in every browser, and the name that its user gave', async () => {
    await terminal.run("printf '\\033]0;nightly build\\007'; sleep 1000");
    await tab('nightly build').waitFor();
    const other = await TerminalPage.open(browser);
    await other.signIn(stack.url, stack.admin);
    await other.page.getByRole('table', { name: 'Machines' }).waitFor();
    await other.page.goto(`${stack.url}/sessions`);
    const row = other.page.getByRole('listitem').filter({ hasText: 'nightly build' });
    await row.getByText('sleep').waitFor();
    await row.getByRole('link', { name: /^Open/ }).click();
    await other.page.getByRole('tab', { name: 'nightly build' }).dblclick();
    await other.page.keyboard.type('release');
    await other.page.keyboard.press('Enter');
    await tab('release').waitFor();
    await terminal.page.reload();
    await tab('release').waitFor();
    expect(other.complaints).toEqual([]);
    await other.close();
  });

  it('has terminals of several machines in tabs and side by side, over a reload', async () => {
    const { page } = terminal;
    const { keyboard } = page;
    await keyboard.press('Control+Shift+K');
    await page.getByRole('textbox', { name: 'Search machines, terminals and actions' }).fill('second');
    await page.getByRole('button', { name: /^second-machine/ }).click();
    await tab(/^second-machine: /).waitFor();
    await page.waitForURL(/terminal\/ag_/);
    await terminal.until(/[$#%>]\s*$/m);
    const ofSecond = page.url();
    await keyboard.press('Control+Shift+ArrowLeft');
    await tab(new RegExp(`^${ownMachine.name}: `))
      .and(page.locator('[aria-selected=true]'))
      .waitFor();
    await eventually('the address of the first machine', async () => (page.url() === ofSecond ? undefined : true));

    await keyboard.press('Control+Shift+D');
    await eventually('two panes', async () =>
      (await page.locator('[role=tabpanel][data-shown=true]').count()) === 2 ? true : undefined,
    );
    await terminal.until(/[$#%>]\s*$/m);
    await terminal.run('echo right $((40+2))');
    await terminal.until(/^right 42/m);
    await page.getByTestId('terminal-beside').click();
    await terminal.run('echo left $((40+2))');
    await terminal.until(/^left 42/m);
    // Three screens are drawn without a graphics card.
    await page.reload({ timeout: 60_000 });
    await terminal.until(/^left 42/m);
    await page.getByTestId('terminal-beside').getByText('right 42').first().waitFor();
    expect(await page.getByRole('tab').count()).toBe(3);
    // Only the visible ones draw by WebGL: a browser has about 16 contexts.
    expect(
      await page.evaluate(`[...document.querySelectorAll('[role=tabpanel] [data-testid^=terminal]:not([role=status])')]
      .map((at) => [at.dataset.testid, at.querySelectorAll('.xterm-screen > canvas:not(.xterm-link-layer)').length > 0])`),
    ).toEqual([
      ['terminal', true],
      ['terminal-beside', true],
      ['terminal-behind', false],
    ]);
  });

  it('shows a tab that is dragged onto the terminals at that side, and moves tabs by mouse and keyboard', async () => {
    const { page } = terminal;
    const tabs = (): Promise<string[]> =>
      page.evaluate(`[...document.querySelectorAll('[role=tab]')].map((at) => at.getAttribute('aria-controls'))`);
    await terminal.run('echo first $((40+2))');
    await page.keyboard.press('Control+Shift+Enter');
    await terminal.until(/[$#%>]\s*$/m);
    await terminal.run('echo second $((40+2))');
    const [first, second] = await tabs();
    const middleOf = async (at: ReturnType<typeof page.locator>, part = 0.5): Promise<[x: number, y: number]> => {
      const box = await at.boundingBox();
      return [(box?.x ?? 0) + (box?.width ?? 0) * part, (box?.y ?? 0) + (box?.height ?? 0) / 2];
    };
    const drag = async (from: ReturnType<typeof page.locator>, to: ReturnType<typeof page.locator>, part: number) => {
      await page.mouse.move(...(await middleOf(from, 0.3)));
      await page.mouse.down();
      const [x, y] = await middleOf(to, part);
      await page.mouse.move(x, y, { steps: 5 });
      await page.mouse.move(x + 1, y);
    };
    await drag(page.getByRole('tab').first(), page.getByTestId('terminal'), 0.75);
    await page.getByText('Show it at the right').waitFor();
    await page.mouse.up();
    await page.getByTestId('terminal-beside').getByText('first 42').first().waitFor();
    expect(await tabs()).toEqual([second, first]);
    await drag(page.getByRole('tab').nth(1), page.getByRole('tab').first(), 0.1);
    await page.mouse.up();
    await eventually('the first tab first', async () => ((await tabs())[0] === first ? true : undefined));
    await page.getByRole('tab').nth(1).focus();
    await page.keyboard.press('Alt+ArrowLeft');
    await eventually('the second tab first', async () => ((await tabs())[0] === second ? true : undefined));
    await terminal.focus();
    await terminal.run('echo again $((40+2))');
    await terminal.until(/^again 42/m);
  });

  it('is opened in another browser as it was', async () => {
    const { page } = terminal;
    await terminal.run('echo left $((40+2))');
    await page.keyboard.press('Control+Shift+D');
    await page.getByTestId('terminal-beside').waitFor();
    await terminal.until(/[$#%>]\s*$/m);
    await terminal.run('echo right $((40+2))');
    await terminal.until(/^right 42/m);
    await eventually('the tabs are stored', async () => {
      const { body } = await rest.get<{ workspace: { tabs: unknown[] } | null }>('/api/profile/workspace');
      return body.workspace?.tabs.length === 2 ? true : undefined;
    });
    const other = await TerminalPage.open(browser);
    await other.signIn(stack.url, stack.admin);
    await other.page.getByRole('table', { name: 'Machines' }).waitFor();
    await other.page.goto(`${stack.url}/sessions`);
    await other.page.getByRole('region', { name: 'Last tabs' }).getByText('2 terminals in tabs').waitFor();
    expect(await violations(other.page)).toEqual([]);
    await other.page.getByRole('button', { name: 'Open them as they were' }).click();
    await other.until(/^right 42/m);
    await other.page.getByTestId('terminal-beside').getByText('left 42').first().waitFor();
    expect(await other.page.getByRole('tab').count()).toBe(2);
    expect(other.complaints).toEqual([]);
    await other.close();
  });

  it('opens a shell as the Linux user that is chosen, and names that user in tab, session list and audit log', async () => {
    const { page } = terminal;
    const { username } = userInfo();
    await page.goto(stack.url);
    await page
      .getByRole('row')
      .filter({ hasText: 'second-machine' })
      .getByText(/online/i)
      .waitFor();
    const choose = page.getByRole('button', { name: 'Choose the Linux user of a terminal on second-machine' });
    await choose.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: `${username} default` }).click();
    await terminal.until(/[$#%>]\s*$/m);
    await tab(new RegExp(`: Shell \\d ${username}$`)).waitFor();

    await page.getByRole('button', { name: 'New shell as another Linux user' }).click();
    await page.getByRole('menuitem', { name: 'Another user…' }).click();
    await page.getByRole('textbox', { name: 'Linux user' }).fill(missing);
    await page.keyboard.press('Enter');
    await page.getByText(`There is no user ${missing} on this machine.`).first().waitFor();
    await tab(new RegExp(` ${missing}$`)).waitFor();

    const { body } = await rest.get<{ events: { details: object }[] }>('/api/audit?action=terminal_opened&limit=1');
    expect(body.events[0]?.details).toEqual({ linux_user: username });
    await page.goto(`${stack.url}/sessions`);
    await page.getByText(`second-machine as ${username} ·`).first().waitFor();
  });

  it('keeps the active tab in sight among many, and sessions are ended together', async () => {
    const { page } = terminal;
    await page.setViewportSize({ width: 700, height: 400 });
    for (let count = 2; count <= 6; count += 1) {
      await page.getByRole('button', { name: 'New shell tab' }).click();
      await tab(`Shell ${count}`).waitFor();
    }
    const inSight = `(() => {
      const tab = document.querySelector('[role=tab][aria-selected=true]').getBoundingClientRect();
      const list = document.querySelector('[role=tablist]').getBoundingClientRect();
      return tab.left >= list.left - 1 && tab.right <= list.right + 1 && tab.width > 60;
    })()`;
    expect(await page.evaluate(inSight)).toBe(true);
    await terminal.page.keyboard.press('Control+Shift+ArrowRight');
    await tab(/^Shell 1$/)
      .and(page.locator('[aria-selected=true]'))
      .waitFor();
    expect(await page.evaluate(inSight)).toBe(true);
    await page.goto(`${stack.url}/sessions`);
    await page.getByRole('checkbox', { name: 'Select all' }).check();
    await page.getByRole('button', { name: /^End \d+ sessions/ }).click();
    await page.getByRole('button', { name: 'End sessions' }).click();
    await page.getByRole('heading', { name: 'No shell is running' }).waitFor();
  });
});
