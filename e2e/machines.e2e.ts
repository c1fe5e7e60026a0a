import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './support/browser.ts';
import { RawTerminal } from './support/raw-terminal.ts';
import { eventually, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { type AgentRun, VsayAgent } from './support/vsay-agent.ts';

let stack: TestStack;
let browser: Browser;
let mongo: MongoClient;
let openSessions: MongoClient;
let owner: TerminalPage;
let guest: TerminalPage;
let run: AgentRun | undefined;
const agent = new VsayAgent();

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack({ agent: false, replicas: 2 }), launchBrowser()]);
  const database = (service: string) =>
    new MongoClient(readFileSync(join(stack.dataDir, 'secrets', `mongo-url-${service}`), 'utf8').trim()).connect();
  const rest = new Rest(stack.url);
  [mongo, openSessions] = await Promise.all([database('agent-hub'), database('terminal')]);
  await Promise.all([rest.signup('olga'), rest.signup('gast')]);
  [owner, guest] = [await TerminalPage.open(browser), await TerminalPage.open(browser)];
  // All of a machine's page is in view: a choice that its live parts push out of sight would close.
  await owner.page.setViewportSize({ width: 1200, height: 2000 });
  for (const [name, { page }] of [
    ['olga', owner],
    ['gast', guest],
  ] as const) {
    await page.goto(`${stack.url}/login`);
    await page.getByLabel('E-mail').fill(`${name}@example.com`);
    await page.getByLabel('Password', { exact: true }).fill('yourpassword');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText(/no machines yet/i).waitFor();
  }
});
afterAll(async () => {
  await run?.stop();
  await Promise.all([owner?.close(), guest?.close()]);
  await Promise.all([browser?.close(), mongo?.close(), openSessions?.close()]);
  await stack?.stop();
});

/** The command that a person copies from the page, as the words that the agent's command line gets. */
const shownLine = async (page: Page): Promise<string[]> => {
  await page.getByText('From a clone').click();
  const text = await page.locator('pre', { hasText: 'configure' }).innerText();
  return text.replace(/^npm run agent -- /, '').split(' ');
};

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

/** Repeats the request while it is refused. */
const triedAgain = async (terminal: TerminalPage): Promise<true | undefined> => {
  if ((await terminal.state()).includes('Connected')) return true;
  const again = terminal.page.getByRole('button', { name: 'Try again' });
  if (await again.isVisible()) await again.click();
  return undefined;
};

const giveAccess = async (page: Page, may: 'Open terminals' | 'See it only'): Promise<void> => {
  const access = page.getByRole('region', { name: 'Access' });
  await access.getByLabel('Username').fill('gast');
  await access.getByRole('combobox', { name: 'May' }).click();
  await page.getByRole('option', { name: may }).click();
  await access.getByRole('button', { name: 'Give access' }).click();
  const person = access.getByRole('group', { name: 'Give access to this user?' });
  await person.getByText('gast@example.com').waitFor();
  await person.getByRole('button', { name: 'Yes, this user' }).click();
  await person.waitFor({ state: 'detached' });
  await access.getByText(/gast@example\.com, since/).waitFor();
  await access.getByText(may === 'See it only' ? 'View' : 'Terminals', { exact: true }).waitFor();
};

/** Does it, and resolves with how long the guest's terminal took to say that it is over, ms. */
const untilOver = async (act: () => Promise<void>): Promise<number> => {
  const state = guest.page.getByTestId('terminal-state').filter({ hasText: /you may no longer open terminals/i });
  const over = state.waitFor().then(() => performance.now());
  await act();
  const done = performance.now();
  return (await over) - done;
};

let line: string[] = [];

describe('a machine, from its first line to its removal', () => {
  it('is added by name, configured with the line that the page shows, and comes online there', async () => {
    const { page } = owner;
    await page.getByRole('link', { name: 'Add a machine' }).click();
    await page.getByLabel('Name', { exact: true }).fill('web-1');
    await page.getByRole('combobox', { name: 'Tags' }).fill('berlin');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Get the install command' }).click();
    await page.getByText('Waiting for web-1 to connect').waitFor();
    line = await shownLine(page);
    expect(line.slice(0, 2)).toEqual(['configure', '--token']);
    const configured = await agent.finish(...line);
    expect(configured).toMatchObject({
      code: 0,
      text: expect.stringMatching(/Registered as web-1 \(ag_\w+\) of olga/),
    });
    expect(readFileSync(agent.config, 'utf8')).not.toContain('wxt_rt_');
    run = agent.run('start');
    await page.getByText('web-1 is connected').waitFor();
    await page.getByRole('link', { name: 'Open a terminal on web-1' }).waitFor();
  });

  it('was added by a token that registers one machine only', async () => {
    const again = await new VsayAgent().finish(...line);
    expect(again).toMatchObject({ code: 3, text: expect.stringContaining('This registration token was used') });
  });

  it('is renamed and tagged, and found by either', async () => {
    const { page } = owner;
    await page.getByRole('link', { name: 'Machines' }).first().click();
    await row(page, 'web-1').getByRole('link', { name: 'web-1', exact: true }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('frontend');
    await dialog.getByRole('combobox', { name: 'Tags' }).fill('nginx');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'frontend', exact: true }).waitFor();
    await page.getByRole('link', { name: 'Machines' }).first().click();
    const search = page.getByLabel('Search machines');
    for (const [text, found] of [
      ['front', 1],
      ['NGIN', 1],
      ['web-1', 0],
    ] as const) {
      await search.fill(text);
      await page.getByText(`Filtered by ${text}`).waitFor({ state: 'attached' });
      await (found === 0 ? page.getByText('Nothing found') : row(page, 'frontend')).waitFor();
    }
    await page.getByRole('button', { name: 'Show all machines' }).click();
    await row(page, 'frontend').getByRole('link', { name: 'Machines with berlin' }).click();
    await page.getByText('Filtered by berlin').waitFor({ state: 'attached' });
    await row(page, 'frontend').getByRole('link', { name: 'frontend', exact: true }).click();
  });

  it('is shared; if the grant becomes view or is revoked, the open terminal closes within a second with the reason', async () => {
    // The agent of this test dials from the stack's own host, as the stack's own user: such a machine is shared with nobody.
    await mongo
      .db()
      .collection('machines')
      .updateMany({}, { $set: { ip_address: '192.0.2.7' } });
    await giveAccess(owner.page, 'Open terminals');
    await guest.openTerminal('frontend');
    await guest.run('echo "one plus one is $((1+1))"');
    await guest.until(/one plus one is 2/);
    expect(await untilOver(() => giveAccess(owner.page, 'See it only'))).toBeLessThan(1000);

    await guest.page.goto(stack.url);
    await row(guest.page, 'frontend').getByText('View only').waitFor();
    // Without a reload: the page receives the change.
    await giveAccess(owner.page, 'Open terminals');
    await guest.openTerminal('frontend');
    const took = await untilOver(async () => {
      await owner.page.getByRole('button', { name: 'End the access of gast' }).click();
      await owner.page.getByRole('button', { name: 'End it, and their terminals' }).click();
      await owner.page.getByText('Only its owner and administrators have this machine.').waitFor();
    });
    expect(took).toBeLessThan(1000);
    await guest.page.goto(stack.url);
    await guest.page.getByText(/no machines yet/i).waitFor();
  });

  it('can be left by the user with whom it is shared, who can also block later shares of its owner and undo that', async () => {
    const { page } = guest;
    const access = owner.page.getByRole('region', { name: 'Access' });
    const refused = page.getByRole('region', { name: 'Blocked users' });
    const dialog = page.getByRole('dialog', { name: 'Leave frontend?' });
    const openDialog = async (): Promise<void> => {
      await page.goto(stack.url);
      await row(page, 'frontend').getByRole('link', { name: 'frontend', exact: true }).click();
      await page.getByRole('button', { name: 'Leave', exact: true }).click();
      await dialog.waitFor();
    };
    await giveAccess(owner.page, 'See it only');
    await openDialog();
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await openDialog();
    await dialog.getByRole('button', { name: 'Leave machine' }).click();
    await page.getByText(/no machines yet/i).waitFor();
    await page.goto(`${stack.url}/profile`);
    await refused.getByText('You have blocked nobody.').waitFor();

    await owner.page.reload();
    await access.getByText('Only its owner and administrators have this machine.').waitFor();
    await giveAccess(owner.page, 'See it only');
    await openDialog();
    await dialog.getByRole('checkbox', { name: 'Also block the user who shared it' }).check();
    await dialog.getByRole('button', { name: 'Leave machine' }).click();
    await page.getByText(/no machines yet/i).waitFor();
    await page.goto(`${stack.url}/profile`);
    await refused.getByText('olga', { exact: true }).waitFor();

    await owner.page.reload();
    await access.getByLabel('Username').fill('gast');
    await access.getByRole('button', { name: 'Give access' }).click();
    await access.getByRole('button', { name: 'Yes, this user' }).click();
    await access.getByText('gast does not accept machines that you share.').waitFor();
    await refused.getByRole('button', { name: 'Unblock olga' }).click();
    await refused.getByText('You have blocked nobody.').waitFor();
    await refused.getByLabel('Username').fill('nobody of this name');
    await refused.getByRole('button', { name: 'Block user' }).click();
    await refused.getByRole('alert').waitFor();
    await refused.getByLabel('Username').fill('olga');
    await refused.getByRole('button', { name: 'Block user' }).click();
    await refused.getByRole('button', { name: 'Unblock olga' }).click();
    await refused.getByText('You have blocked nobody.').waitFor();
    await giveAccess(owner.page, 'See it only');
    await openDialog();
    await dialog.getByRole('button', { name: 'Leave machine' }).click();
    await page.getByText(/no machines yet/i).waitFor();
  });

  it('is given to a group and by a tag on the pages, says why, and closes the terminal of a user who leaves the group', async () => {
    const admin = await TerminalPage.open(browser);
    const { page } = admin;
    await page.setViewportSize({ width: 1200, height: 2000 });
    await admin.signIn(stack.url, stack.admin);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await page.goto(`${stack.url}/groups`);
    await page.getByText('No groups yet').waitFor();
    await page.getByRole('button', { name: 'Create group' }).first().click();
    await page.getByRole('dialog').getByLabel('Name').fill('Ops');
    await page.keyboard.press('Enter');
    const users = page.getByRole('button', { name: 'Users of Ops' });
    await users.click();
    const dialog = page.getByRole('dialog', { name: 'Users of Ops' });
    await dialog.getByRole('combobox', { name: 'User' }).fill('gast');
    await page.getByRole('option', { name: 'gast@example.com' }).click();
    await dialog.getByRole('button', { name: 'Add user' }).click();
    await dialog.getByText(/gast@example\.com, since/).waitFor();
    await page.keyboard.press('Escape');
    await users.filter({ hasText: '1 user' }).waitFor();

    await page.getByRole('link', { name: 'Machines' }).first().click();
    await row(page, 'frontend').getByRole('link', { name: 'frontend', exact: true }).click();
    const access = page.getByRole('region', { name: 'Access' });
    await access.getByRole('combobox', { name: 'Group' }).click();
    await page.getByRole('option', { name: 'Ops (1 user)' }).click();
    await access.getByRole('button', { name: 'Give group access' }).click();
    await access.getByText(/Group of 1 user, since/).waitFor();
    await guest.openTerminal('frontend');
    await access.getByRole('button', { name: 'Show why users have access' }).click();
    await access.getByText(/Opens terminals through the group Ops, given by/).waitFor();

    await page.goto(`${stack.url}/groups`);
    await users.click();
    const took = await untilOver(async () => {
      await dialog.getByRole('button', { name: 'Remove gast from the group' }).click();
      await dialog.getByRole('button', { name: 'Remove, and end their terminals' }).click();
      await dialog.getByText('Nobody is in this group yet.').waitFor();
    });
    expect(took).toBeLessThan(1000);
    await page.keyboard.press('Escape');

    const byTag = page.getByRole('region', { name: 'Access by tag' });
    await byTag.getByLabel('Tag', { exact: true }).fill('nginx');
    await byTag.getByRole('combobox', { name: 'Owner of the machines' }).fill('olga');
    await page.getByRole('option', { name: 'olga@example.com' }).click();
    await byTag.getByRole('combobox', { name: 'Group' }).click();
    await page.getByRole('option', { name: 'Ops' }).click();
    await byTag.getByRole('button', { name: 'Give access' }).click();
    await byTag.getByText('It reaches 1 machine now.').waitFor();
    await byTag.getByRole('button', { name: 'End the access of Ops on nginx of olga' }).click();
    await byTag.getByRole('button', { name: 'End it, and their terminals' }).click();
    await byTag.getByText('No tag gives access yet.').waitFor();
    await page.getByRole('button', { name: 'Actions for Ops' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete group' }).click();
    await page.getByText('No groups yet').waitFor();
    await admin.close();
    await guest.page.goto(stack.url);
  });

  it('has at most the set number of terminals of one user, over all instances together', async () => {
    const { token } = await new Rest(stack.url).login({ email: 'olga@example.com', password: 'yourpassword' });
    const [machine] = await new Rest(stack.url, token).machines();
    const agentId = machine?.agent_id ?? '';
    const first = await RawTerminal.open(stack.url, agentId, { token });
    const second = await RawTerminal.open(stack.url, agentId, { token });
    const join = (): Promise<RawTerminal> =>
      RawTerminal.open(stack.url, agentId, { token, session_id: second.sessionId, mode: 'view' });
    const open = [first, second];
    while (open.length < 64) open.push(await join());
    await expect(join()).rejects.toMatchObject({ status: 429, body: { code: 'too_many_terminals' } });
    const window = await owner.sibling();
    await window.page.goto(`${stack.url}/terminal/${agentId}`);
    await window.page.getByText('You have 64 terminals open. Close one and try again.').waitFor();
    open.pop()?.close();
    // The instances receive the free place one after the other.
    await eventually('a place is free again', () => triedAgain(window));
    await window.page.close();

    // Shells on record count, whichever instance opened them.
    const records = openSessions.db().collection('terminal_sessions');
    const record = await records.findOne({ session_id: first.sessionId });
    const { _id, ...copied } = record ?? { _id: undefined };
    const copy = (_: unknown, at: number) => ({ ...copied, session_id: `copy-${at}` });
    await records.insertMany(Array.from({ length: 63 }, copy));
    const asked = await new Rest(stack.url, token).post('/api/terminal/tickets', { agent_id: agentId });
    expect(asked).toMatchObject({ status: 429, body: { code: 'too_many_sessions' } });
    expect(asked.body.error).toContain('64 open sessions on this machine');
    const another = await owner.sibling();
    await another.page.goto(`${stack.url}/terminal/${agentId}`);
    await another.page.getByText('You have 64 open sessions on this machine. End one and try again.').waitFor();
    await records.deleteMany({ session_id: /^copy-/ });
    await eventually('a session may be opened again', () => triedAgain(another));
    await another.page.close();
    for (const terminal of open) terminal.close();
  });

  it('is removed: its agent stops with the reason, and its token registers no other machine', async () => {
    const { page } = owner;
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('button', { name: 'Remove machine' }).click();
    await page.getByText(/no machines yet/i).waitFor();
    expect(await run?.exited).toBe(3);
    expect(run?.text()).toContain('This machine was removed');
    const again = await new VsayAgent().finish(...line);
    expect(again).toMatchObject({ code: 3, text: expect.stringContaining('registration token was removed') });
  });

  it('registers again under a new token, on the same computer, as another machine', async () => {
    const { page } = owner;
    await page.getByRole('link', { name: 'Add a machine' }).click();
    await page.getByLabel('Name', { exact: true }).fill('web-1');
    await page.getByRole('button', { name: 'Get the install command' }).click();
    const configured = await agent.finish(...(await shownLine(page)));
    expect(configured).toMatchObject({ code: 0, text: expect.stringContaining('Registered as web-1') });
  });

  it('caused no error on any page', () => {
    expect([...owner.complaints, ...guest.complaints]).toEqual([]);
  });
});
