import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, rest, stack, useStackAndBrowser } from './support/use-stack.ts';
import { type AgentRun, VsayAgent } from './support/vsay-agent.ts';

let terminal: TerminalPage;

useStackAndBrowser({ webgl: true });
beforeEach(async () => {
  terminal = await TerminalPage.open(browser);
});
afterEach(async () => {
  expect(terminal.complaints).toEqual([]);
  await terminal.close();
});

/** Signs in as the printed admin and opens the shell of the stack's own machine. */
const openOwnMachine = async (): Promise<void> => {
  await terminal.signIn(stack.url, stack.admin);
  await terminal.openTerminal(ownMachine.name);
};

describe('in a real browser', () => {
  it('the printed admin signs in, opens this machine, and works in its shell', async () => {
    await openOwnMachine();
    await terminal.run('echo "one plus one is $((1+1))"');
    await terminal.until(/one plus one is 2/);

    await terminal.run('clear; stty size');
    const before = /(\d+) (\d+)\s*$/m.exec(await terminal.until(/^\d+ \d+\s*$/m));
    await terminal.page.setViewportSize({ width: 800, height: 600 });
    await eventually('a smaller tty', async () => {
      await terminal.run('clear; stty size');
      const now = /^(\d+) (\d+)\s*$/m.exec(await terminal.screen());
      return now !== null && Number(now[2]) < Number(before?.[2]) && Number(now[1]) < Number(before?.[1])
        ? true
        : undefined;
    });

    await terminal.run('seq 1 500 | less');
    await terminal.until(/^1\s*$/m);
    await terminal.type('G');
    await terminal.until(/^500\s*$/m);
    await terminal.type('q');
    await terminal.run('clear; echo back');
    await terminal.until(/back/);

    await terminal.run('exit 3');
    await eventually('the exit code', async () =>
      /exit(ed)?.*3/i.test(await terminal.page.locator('body').innerText()) ? true : undefined,
    );
  }, 120_000);

  it('a reload while top runs returns to the same shell', async () => {
    await openOwnMachine();
    await terminal.run('echo shell $$');
    const pid = /shell (\d+)/.exec(await terminal.until(/shell \d+/))?.[1];
    await terminal.run("PS1='pro''mpt-'");
    await terminal.run('top -d 1');
    await terminal.until(/load average/);
    await terminal.page.reload();
    await terminal.until(/load average/);
    await terminal.focus();
    await terminal.type('q');
    // top itself discards the keys that are typed before it has ended: it flushes the tty.
    await terminal.until(/^prompt-\s*$/m);
    await terminal.run('echo still $$');
    expect(/still (\d+)/.exec(await terminal.until(/still \d+/))?.[1]).toBe(pid);
  }, 120_000);

  it('a phone shows the button of each terminal, and no page is wider than it', async () => {
    expect((await rest.post('/api/machines', { name: 'a-machine-that-has-never-connected' })).status).toBe(201);
    const { page } = terminal;
    await page.setViewportSize({ width: 390, height: 844 });
    await terminal.signIn(stack.url, stack.admin);
    const button = page.getByRole('link', { name: `Open a terminal on ${ownMachine.name}` });
    await button.waitFor();
    await page.getByText('Waiting to connect').first().waitFor();
    const { x = 0, width = 0 } = (await button.boundingBox()) ?? {};
    expect(x + width).toBeLessThan(390);
    const paths = ['/', '/dashboard', '/sessions', '/profile', '/users', '/audit', `/machines/${ownMachine.agent_id}`];
    for (const path of paths) {
      await page.goto(`${stack.url}${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('main [aria-busy=true]').waitFor({ state: 'detached' });
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 390]);
    }
  }, 120_000);

  it('a new user signs up, sees no machine, configures an agent with the key shown, and opens it', async () => {
    const { page } = terminal;
    await page.goto(`${stack.url}/signup`);
    await page.getByLabel('Username').fill('newcomer');
    await page.getByLabel('E-mail').fill('newcomer@example.com');
    await page.getByLabel('Password', { exact: true }).fill('yourpassword');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByText(/no machines yet/i).waitFor();
    await page.goto(`${stack.url}/profile`);
    await page.getByRole('button', { name: /show/i }).first().click();
    const key =
      /vsay_ak_[0-9A-Za-z]{32}/.exec(
        await eventually(
          'the key',
          async () => (/vsay_ak_[0-9A-Za-z]{32}/.exec(await page.locator('body').innerText()) ?? undefined)?.[0],
        ),
      )?.[0] ?? '';
    const agent = new VsayAgent();
    let run: AgentRun | undefined;
    try {
      expect(
        (await agent.finish('configure', '--token', key, '--host', stack.url, '--name', 'newcomers-machine')).code,
      ).toBe(0);
      run = agent.run('start');
      await page.goto(stack.url);
      await terminal.openTerminal('newcomers-machine');
      await terminal.run('echo hello $((40+2))');
      await terminal.until(/hello 42/);
    } finally {
      await run?.stop();
    }
  }, 120_000);
});
