import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleAgent } from '../stack/src/agent-package/bundle.ts';
import { releaseFolder } from '../stack/src/agent-package/keep-published.ts';
import { publishInstaller } from '../stack/src/agent-package/publish.ts';
import { keepReleaseKey } from '../stack/src/agent-package/release-key.ts';
import { publishTestRelease, testPlatform } from '../stack/src/agent-package/test-release.ts';
import { projectFolder } from '../stack/src/project-folder.ts';
import { installCommand, shownSteps } from './support/add-machine.ts';
import { launchBrowser } from './support/browser.ts';
import { eventually } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';
import { TerminalPage } from './support/terminal-page.ts';

// The install command of the page, run on a machine while the page is open. The machine is a folder: it has a home, a place for the
// installation and programs of its own. The server has a private CA and an IP address.

let stack: TestStack;
let browser: Browser;
let owner: TerminalPage;
let version = '';
const machine = mkdtempSync(join(tmpdir(), 'install-page-'));
const place = (...names: string[]): string => join(machine, ...names);
let running: ChildProcessByStdio<null, Readable, null> | undefined;

/** Adds a program that precedes the system's program of the same name in PATH. `rest "$@"` runs that one. */
const tool = (name: string, script: string): void => {
  writeFileSync(place('tools', name), `#!/bin/sh\nrest() { PATH=\${PATH#*:} ${name} "$@"; }\n${script}\n`);
  chmodSync(place('tools', name), 0o755);
};

/** Runs the command as a person pastes it. Only the places are others than those of a machine. @returns its output and exit code, once it ends */
const paste = async (command: string): Promise<[said: string, code: unknown]> => {
  const places = [
    '--prefix',
    place('opt'),
    '--config',
    place('etc', 'agent.yaml'),
    '--linux-user',
    userInfo().username,
  ];
  const child = spawn('/bin/sh', ['-c', `${command} ${places.join(' ')} 2>&1`], {
    detached: true,
    env: { PATH: `${place('tools')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`, HOME: machine, GATE: place('gate') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = child;
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return [said, code];
};

beforeAll(async () => {
  if (testPlatform === undefined) return;
  for (const folder of ['tools', 'etc']) mkdirSync(place(folder));
  tool('sudo', 'exec "$@"');
  [stack, browser] = await Promise.all([startTestStack({ agent: false, tls: true }), launchBrowser()]);
  const folder = releaseFolder(stack.dataDir);
  const key = keepReleaseKey(join(stack.dataDir, 'release-key', 'release-key.pem'));
  const bundle = await bundleAgent(projectFolder);
  ({ version } = await publishTestRelease({ bundle, folder, key, mark: 'page' }));
  publishInstaller(
    folder,
    readFileSync(join(projectFolder, 'stack/src/agent-package/install.sh'), 'utf8'),
    stack.url,
    key,
  );
  // Its certificate is of the private CA of the stack.
  owner = await TerminalPage.open(browser, {}, { ignoreHTTPSErrors: true });
  await owner.signIn(stack.url, stack.admin);
  await owner.page.getByText(/no machines yet/i).waitFor();
});
afterAll(async () => {
  if (running?.pid !== undefined && running.exitCode === null) process.kill(-running.pid, 'SIGKILL');
  try {
    const { pid }: { pid: number } = JSON.parse(readFileSync(place('etc', 'agent.status.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
  } catch {
    // The agent was not started.
  }
  await owner?.close();
  await browser?.close();
  await stack?.stop();
  rmSync(machine, { recursive: true, force: true });
});

const labels = ['Check the machine', 'Download the agent', 'Install it', 'Register the machine', 'Connect'];

/** The steps as the page shows them while the one with this index is at `state`. */
const stepsAt = (index: number, state = 'in progress'): string[] =>
  labels.map((label, at) => `${label}: ${at < index ? 'done' : at === index ? state : 'not started'}`);

const shows = (steps: readonly string[]): Promise<true> =>
  eventually(`the page shows ${steps.join(', ')}`, async () =>
    JSON.stringify(await shownSteps(owner.page)) === JSON.stringify(steps) ? true : undefined,
  );

describe.runIf(testPlatform !== undefined)('the install command of the page', () => {
  it('fails on a full disk: the page shows at which step, why, and what to do', async () => {
    tool('df', 'printf "Filesystem 1024-blocks Used Available Capacity Mounted\\n/dev/x 1 1 1000 99%% /\\n"');
    const pasted = paste(await installCommand(owner.page, stack.url, 'full'));
    await owner.page
      .getByRole('alert', { name: 'The installation failed' })
      .getByText(/too little space/)
      .waitFor();
    expect(await shownSteps(owner.page)).toEqual(stepsAt(0, 'failed'));
    await owner.page.getByText(/What to do:.*Free some space/).waitFor();
    rmSync(place('tools', 'df'));
    expect(await pasted).toEqual([expect.stringContaining('Not installed: there is too little space'), 1]);
  });

  it('has each step shown while it runs, then the connected machine, and its terminal', async () => {
    const { page } = owner;
    // After each report the machine waits until the test has seen it on the page.
    spawnSync('mkfifo', [place('gate')]);
    tool('curl', 'rest "$@"; code=$?\ncase $* in *install-progress*) read -r _ <"$GATE" ;; esac\nexit $code');
    const command = await installCommand(page, stack.url, 'web-1');
    expect(command).toMatch(/^s=\$\(curl -fsSLk https:\/\/127\.0\.0\.1:\d+\/install\.sh\) .*--ca-fingerprint sha256:/);
    await page.getByText('Waiting for web-1 to connect').waitFor();
    const pasted = paste(command);
    for (const [step] of labels.entries()) {
      await shows(stepsAt(step));
      await page.getByText('Installing the agent on web-1').waitFor();
      await writeFile(place('gate'), 'go\n');
    }
    await page.getByText('web-1 is connected').waitFor();
    expect(await pasted).toEqual([expect.stringMatching(/Online after \d+ s\. Its terminal: https/), 0]);
    await page.getByRole('link', { name: 'Open a terminal on web-1' }).click();
    await owner.until(/[$#%>]\s*$/m);
    await owner.focus();
    await owner.run(`echo "here runs $(readlink ${place('opt', 'current')})"`);
    await owner.until(new RegExp(`here runs versions/${version.replace('+', '\\+')}`));
    expect(owner.complaints).toEqual([]);
  });
});
