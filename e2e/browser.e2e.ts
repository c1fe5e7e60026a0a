import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { eventually, onlineMachine, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';
import { type AgentRun, VsayAgent } from './support/vsay-agent.ts';

let stack: TestStack;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});
afterEach(async () => {
  await context?.close();
});

const newPage = async (): Promise<void> => {
  context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  // The emulator paints with WebGL; with this setting of its menu the text is in the page too.
  await context.addInitScript({ content: `localStorage.setItem('webxterm.terminal', '{"screenReader":true}')` });
  page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
};

const signIn = async (account: { email: string; password: string }): Promise<void> => {
  await newPage();
  await page.goto(stack.url);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
};

const screen = (): Promise<string> => page.getByTestId('terminal').first().innerText();
const untilScreen = (wanted: RegExp): Promise<string> =>
  eventually(`screen with ${wanted}`, async () => {
    const text = await screen();
    return wanted.test(text) ? text : undefined;
  });
const openTerminal = async (name: string): Promise<void> => {
  const row = page.getByRole('row').filter({ hasText: name });
  await row.getByText(/online/i).waitFor();
  await row.getByRole('link', { name: /terminal/i }).click();
  await untilScreen(/[$#%>]\s*$/m);
  await page.getByTestId('terminal').first().click();
};
const type = (line: string): Promise<void> => page.keyboard.type(`${line}\n`);

describe('in a real browser', () => {
  it('the printed admin signs in, opens this machine, and works in its shell', async () => {
    await signIn(stack.admin);
    const machine = await onlineMachine(new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token));
    await openTerminal(machine.name);
    await type('echo "one plus one is $((1+1))"');
    await untilScreen(/one plus one is 2/);

    await type('clear; stty size');
    const before = /(\d+) (\d+)\s*$/m.exec(await untilScreen(/^\d+ \d+\s*$/m));
    await page.setViewportSize({ width: 800, height: 600 });
    await eventually('a smaller tty', async () => {
      await type('clear; stty size');
      const now = /^(\d+) (\d+)\s*$/m.exec(await screen());
      return now !== null && Number(now[2]) < Number(before?.[2]) && Number(now[1]) < Number(before?.[1])
        ? true
        : undefined;
    });

    await type('seq 1 500 | less');
    await untilScreen(/^1\s*$/m);
    await page.keyboard.type('G');
    await untilScreen(/^500\s*$/m);
    await page.keyboard.type('q');
    await type('clear; echo back');
    await untilScreen(/back/);

    await type('exit 3');
    await eventually('the exit code', async () =>
      /exit(ed)?.*3/i.test(await page.locator('body').innerText()) ? true : undefined,
    );
  }, 120_000);

  it('a reload in the middle of top comes back to the same shell', async () => {
    await signIn(stack.admin);
    const machine = await onlineMachine(new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token));
    await openTerminal(machine.name);
    await type('echo shell $$');
    const pid = /shell (\d+)/.exec(await untilScreen(/shell \d+/))?.[1];
    await type("PS1='pro''mpt-'");
    await type('top -d 1');
    await untilScreen(/load average/);
    await page.reload();
    await untilScreen(/load average/);
    await page.getByTestId('terminal').first().click();
    await page.keyboard.type('q');
    // What is typed before top has ended is thrown away by top itself: it flushes the tty.
    await untilScreen(/prompt-\s*$/);
    await type('echo still $$');
    expect(/still (\d+)/.exec(await untilScreen(/still \d+/))?.[1]).toBe(pid);
  }, 120_000);

  it('a new user signs up, sees no machine, configures an agent with the key shown, and opens it', async () => {
    await newPage();
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
      await openTerminal('newcomers-machine');
      await type('echo hello $((40+2))');
      await untilScreen(/hello 42/);
    } finally {
      await run?.stop();
    }
  }, 120_000);

  it('no page raised an error or ran into the content security policy', () => {
    expect(complaints).toEqual([]);
  });
});
