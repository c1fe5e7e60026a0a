// npm run ui:pictures: pictures of each page in each state, theme and width.
import { mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { exitForUsage, exitWithHelp, parseCommandLine, UsageError } from '@webxterm/shared/command-line';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { startTestStack } from '../support/stack.ts';
import { TerminalPage } from '../support/terminal-page.ts';
import { showSomething } from './show-something.ts';
import { type View, views } from './views.ts';

const usage = `Usage: npm run ui:pictures -- [VIEW]... [--out FOLDER]

Starts an installation of its own with something on each page, and takes a picture of each page in each state, in the light
and the dark theme, as wide as a phone, a laptop and a large screen.

Options:
  --out FOLDER  where the pictures go (default: docs/ui/pictures)
  --list        print the names of the views, and take no picture
  -h, --help    show this text

Settings, from the environment:
  WEBXTERM_CACHE_DIR  where fetched servers are kept

Examples:
  npm run ui:pictures
  npm run ui:pictures -- terminal machines`;

const themes = ['light', 'dark'] as const;
const widths = { phone: [390, 844], laptop: [1280, 800], large: [1920, 1080] } as const;
const newcomer = 'nina';

const readOptions = () => {
  try {
    const { values, positionals } = parseCommandLine(process.argv.slice(2), {
      options: { out: { type: 'string', default: 'docs/ui/pictures' }, list: { type: 'boolean', default: false } },
      positionals: views.length,
    });
    if (values.help) return exitWithHelp(usage);
    const unknown = positionals.find((name) => !views.some((view) => view.name === name));
    if (unknown !== undefined) throw new UsageError(`No view has the name '${unknown}'; --list prints them`);
    const chosen = positionals.length === 0 ? views : views.filter(({ name }) => positionals.includes(name));
    return { chosen, out: resolve(values.out), list: values.list };
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

type Pages = Readonly<Record<View['as'], Page>>;

const openPages = async (browser: Browser, stack: Awaited<ReturnType<typeof startTestStack>>): Promise<Pages> => {
  const open = async (account?: { email: string; password: string }): Promise<Page> => {
    const window = await TerminalPage.open(browser);
    if (account === undefined) return window.page;
    await window.signIn(stack.url, account);
    await window.page.getByRole('navigation', { name: 'Main' }).waitFor();
    return window.page;
  };
  return {
    nobody: await open(),
    newcomer: await open({ email: `${newcomer}@example.com`, password: 'yourpassword' }),
    administrator: await open(stack.admin),
  };
};

/** Resolves when the page shows its state: nothing is loading, and what changed has been laid out. */
const settled = async (page: Page): Promise<void> => {
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
};

const takePictures = async (page: Page, view: View, address: string, out: string): Promise<void> => {
  await page.setViewportSize({ width: 1280, height: 800 });
  // A view may differ from the one before in nothing but what follows `#`.
  await page.goto('about:blank');
  await page.goto(address);
  await (view.ready?.(page) ?? page.getByRole('heading', { level: 1 }).first().waitFor());
  for (const theme of themes)
    for (const [name, [width, height]] of Object.entries(widths)) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height });
      await settled(page);
      await page.screenshot({ path: join(out, `${view.name}-${name}-${theme}.png`), animations: 'disabled' });
    }
};

const { chosen, out, list } = readOptions();
if (list) {
  say(views.map(({ name }) => name).join('\n'));
  process.exit();
}
mkdirSync(out, { recursive: true });
const [stack, browser] = await Promise.all([startTestStack(), launchBrowser({ webgl: true })]);
try {
  const shown = await showSomething(stack, newcomer);
  const pages = await openPages(browser, stack);
  const failed: string[] = [];
  for (const view of chosen) {
    try {
      await takePictures(pages[view.as], view, `${stack.url}${view.path(shown)}`, out);
      say(`${view.name}: ${relative(process.cwd(), join(out, view.name))}-*.png`);
    } catch (error) {
      failed.push(view.name);
      say(`${view.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  say(`${chosen.length - failed.length} of ${chosen.length} views, in ${themes.length} themes and 3 widths`);
  if (failed.length > 0) process.exitCode = 1;
} finally {
  await browser.close();
  await stack.stop();
}
