import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { launchBrowser } from './support/browser.ts';
import { NodeTerminal } from './support/node-terminal.ts';
import { eventually, onlineMachine, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';
import { TerminalPage } from './support/terminal-page.ts';

let stack: TestStack;
let browser: Browser;
let owner: TerminalPage;
let guest: TerminalPage;
let rest: Rest;
let ofBob: Rest;
let agentId: string;
const bob = { email: 'bob@example.com', password: 'secret-password' };

beforeAll(async () => {
  // On a machine that runs the server, guests may not type.
  [stack, browser] = await Promise.all([startTestStack({ mayGrantItsMachine: true }), launchBrowser()]);
  rest = new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token);
  await rest.post('/api/signup', { username: 'bob', ...bob });
  ofBob = new Rest(stack.url, (await rest.login(bob)).token);
  agentId = (await onlineMachine(rest)).agent_id;
  owner = await TerminalPage.open(browser);
  guest = await TerminalPage.open(browser, {}, { viewport: { width: 390, height: 700 } });
  await owner.signIn(stack.url, stack.admin);
  await owner.page.getByRole('table', { name: 'Machines' }).waitFor();
  await owner.openShell(stack.url, agentId);
}, 120_000);
afterAll(async () => {
  expect([...(owner?.complaints ?? []), ...(guest?.complaints ?? [])]).toEqual([]);
  await browser?.close();
  await stack?.stop();
});

const dialog = () => owner.page.getByRole('dialog', { name: 'Share this terminal' });
const openDialog = async (): Promise<void> => {
  await owner.page.getByRole('button', { name: 'Share this terminal' }).click();
  await dialog().waitFor();
};
const closeDialog = async (): Promise<void> => {
  await owner.page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'hidden' });
};
const choose = async (label: string, option: string): Promise<void> => {
  await dialog().getByRole('combobox', { name: label }).click();
  await owner.page.getByRole('option', { name: option, exact: true }).click();
};
/** Whether the page asks when the browser is about to close it. */
const asksBeforeItCloses = ({ page }: TerminalPage): Promise<boolean> =>
  page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))");

describe('a guest by a link', () => {
  it('joins ten times without one SIGWINCH for the owner, and is out within a second of the end of the share; the shell goes on', async () => {
    const count = (program: string): string =>
      `bash -c 'n=0; trap "n=\\$((n+1))" WINCH; while :; do printf "\\r%s winches %d " $((i+=1)) $n; sleep 0.1; done' # ${program}`;
    await owner.run(count('counts'));
    await owner.until(/\d winches 0/);
    await openDialog();
    await dialog().getByText('With a link').click();
    await dialog().getByRole('button', { name: 'Create link' }).click();
    const link = await dialog().getByTestId('share-link').innerText();
    await closeDialog();

    await guest.page.goto(link);
    await guest.page.getByLabel('E-mail').fill(bob.email);
    await guest.page.getByLabel('Password', { exact: true }).fill(bob.password);
    await guest.page.getByRole('button', { name: 'Sign in' }).click();
    await guest.until(/winches 0/);
    expect(guest.page.url()).toMatch(/\/shared\/[\w-]{22}$/);
    await owner.page.getByText('bob is watching').waitFor();
    const shareId = guest.page.url().split('/').at(-1) ?? '';
    for (let join = 1; join < 10; join += 1) {
      const joined = new NodeTerminal(ofBob, agentId, { shareId });
      await joined.untilText('winches 0');
      joined.resize(40 + join, 10);
      joined.close();
    }
    await guest.focus();
    await guest.page.keyboard.type('q');
    await guest.page.getByText('You cannot type in it now').waitFor();
    await guest.page.setViewportSize({ width: 700, height: 390 });
    await owner.until(/winches 0/);
    expect(await violations(guest.page)).toEqual([]);

    await openDialog();
    expect(await violations(owner.page)).toEqual([]);
    const from = Date.now();
    await dialog()
      .getByRole('button', { name: /^End the share/ })
      .click();
    await guest.page.getByText('This terminal is no longer shared with you.').waitFor();
    expect(Date.now() - from).toBeLessThan(1000);
    await dialog().getByText('shared with nobody').waitFor();
    await closeDialog();
    const before = await owner.until(/winches 0/);
    await eventually('the program of the owner goes on', async () =>
      (await owner.screen()) === before ? undefined : true,
    );
    // A resize of the owner's own window does count, so that the count could have shown one.
    await owner.page.setViewportSize({ width: 1000, height: 700 });
    await owner.until(/winches [1-9]/);
    await owner.focus();
    await owner.page.keyboard.press('Control+C');
    await owner.until(/\$\s*$/m);
  });
});

describe('a guest with control', () => {
  it('asks to type, types when the owner allows it, and no longer once the owner types', async () => {
    await openDialog();
    await choose('Guests may', 'Type when I allow it');
    await dialog().getByLabel('Username or e-mail').fill(bob.email);
    await dialog().getByRole('button', { name: 'Share', exact: true }).click();
    await dialog().getByRole('button', { name: 'Yes, this user' }).click();
    await dialog().getByText('Types when you allow it').waitFor();
    await closeDialog();
    await owner.focus();

    await guest.page.goto(`${stack.url}/sessions`);
    await guest.page.getByRole('link', { name: 'Open the terminal of admin' }).click();
    await guest.page.getByRole('button', { name: 'Ask to type' }).click();
    await owner.page.getByText('bob asks to type').waitFor();
    await owner.page.getByRole('button', { name: 'Let bob type' }).click();
    await guest.page.getByText('You can type').waitFor();
    await guest.focus();
    await guest.run('clear; echo typed-by-$((1+1))-bob');
    await owner.until(/^typed-by-2-bob/m);
    await owner.page.getByText('bob types').waitFor();
    await guest.page.keyboard.type('#');
    await owner.until(/\$ #$/m);
    expect(await asksBeforeItCloses(guest)).toBe(false);
    await owner.focus();
    await owner.page.keyboard.type('#');
    expect(await asksBeforeItCloses(owner)).toBe(true);
    await guest.page.getByRole('button', { name: 'Ask to type' }).waitFor();
    expect(await guest.page.getByText('admin types').count()).toBe(1);
  });
});

describe('the owner of a machine', () => {
  it('watches the terminal of another user from the page of the machine, and is shown there', async () => {
    const grant = { username: 'bob', role: 'control' };
    expect((await rest.post(`/api/machines/${agentId}/access/grant`, grant)).status).toBe(200);
    const shell = new NodeTerminal(ofBob, agentId);
    await shell.run('echo watched-$((1+1))');
    await owner.page.goto(`${stack.url}/machines/${agentId}`);
    await owner.page.getByRole('link', { name: /^Watch bob's session/ }).click();
    await owner.page.getByRole('heading', { name: 'Terminal of bob', exact: true }).waitFor();
    await owner.until(/^watched-2/m);
    await owner.page.getByText('View only').waitFor();
    expect(shell.people.map(({ name, owner: owns }) => [name, owns])).toEqual([
      ['bob', true],
      ['admin', false],
    ]);
    shell.close();
  });
});
