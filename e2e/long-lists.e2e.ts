import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { RawTerminal } from './support/raw-terminal.ts';
import { eventually } from './support/rest.ts';
import { readSecret } from './support/stack.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, rest, stack, useStackAndBrowser } from './support/use-stack.ts';

// The pages of a user with more machines and sessions than one page of a list. The test writes them as rows: no agent runs them.

useStackAndBrowser();

let databases: MongoClient[] = [];
let window: TerminalPage;

const machineCount = 520;
/** The order of the names is the order of the numbers. */
const nameOf = (machine: number): string => `fleet-${String(machine).padStart(4, '0')}`;
const idOf = (machine: number): string => `ag_${String(machine).padStart(26, '0')}`;
/** The machines that have sessions: one with many, and some that no list of 500 machines contains. */
const busy = 1;
const last = [510, 515, 519];
const onBusy = Array.from({ length: 120 }, (_, at) => `shell number ${at}.`);

const rows = async (service: 'agent-hub' | 'terminal', collection: string) => {
  const client = await new MongoClient(readSecret(stack, `mongo-url-${service}`)).connect();
  databases = [...databases, client];
  return client.db().collection(collection);
};

/** Copies one machine. Its copies are offline. */
const writeMachines = async (): Promise<void> => {
  const machines = await rows('agent-hub', 'machines');
  await rest.post('/api/machines', { name: 'pattern' });
  const { _id, ...pattern } = (await machines.findOneAndDelete({ name: 'pattern' })) ?? { _id: undefined };
  const copy = (_: unknown, at: number) => {
    const [id, name] = [idOf(at), nameOf(at)];
    const names = { name, name_key: name, name_folded: name };
    return { ...pattern, ...names, agent_id: id, public_key: id, credential_hash: id, registration_hash: null };
  };
  await machines.insertMany(Array.from({ length: machineCount }, copy));
};

/** Copies one session. The first copy is the newest. */
const writeSessions = async (): Promise<void> => {
  const sessions = await rows('terminal', 'terminal_sessions');
  const opened = await RawTerminal.open(stack.url, ownMachine.agent_id, { token: rest.token ?? '' });
  const { _id, ...pattern } = (await sessions.findOneAndDelete({ session_id: opened.sessionId })) ?? { _id: undefined };
  opened.close();
  const now = Date.now();
  const copy = ({ machine, title }: { machine: number; title: string }, at: number) => {
    const session_id = randomBytes(16).toString('base64url');
    const created_at = new Date(now - at * 60_000);
    // The pattern may be read before the service has written that it was opened.
    const open = { status: 'active', opened_at: created_at, expires_at: null, untold: [] };
    return { ...pattern, ...open, session_id, agent_id: idOf(machine), title, created_at };
  };
  const wanted = [
    ...onBusy.map((title) => ({ machine: busy, title })),
    ...last.map((machine) => ({ machine, title: `shell on ${machine}` })),
  ];
  await sessions.insertMany(wanted.map(copy));
};

beforeAll(async () => {
  await writeMachines();
  await writeSessions();
  window = await TerminalPage.open(browser);
  await window.signIn(stack.url, stack.admin);
  await window.page.getByRole('table', { name: 'Machines' }).waitFor();
});
afterAll(async () => {
  expect(window.complaints).toEqual([]);
  await window.close();
  const copies = { agent_id: /^ag_0{20}/ };
  await (await rows('agent-hub', 'machines')).deleteMany(copies);
  await (await rows('terminal', 'terminal_sessions')).deleteMany(copies);
  await Promise.all(databases.map((client) => client.close()));
});

const sessionRow = (text: string) => window.page.getByRole('listitem').filter({ hasText: text });

describe('the sessions of a machine', () => {
  it('are shown newest first, 50 more with each click, each of them once', async () => {
    const { page } = window;
    await page.goto(`${stack.url}/machines/${idOf(busy)}`);
    const older = page.getByRole('button', { name: 'Show older sessions' });
    const shown = (): Promise<string[]> => page.getByRole('listitem').getByText('shell number').allInnerTexts();
    await sessionRow(onBusy[0] ?? '').waitFor();
    expect(await shown()).toEqual(onBusy.slice(0, 50));
    await older.click();
    await sessionRow(onBusy[50] ?? '').waitFor();
    expect(await shown()).toEqual(onBusy.slice(0, 100));
    await older.click();
    await sessionRow(onBusy[100] ?? '').waitFor();
    expect(await shown()).toEqual(onBusy);
    await older.waitFor({ state: 'detached' });
  });
});

describe('a user with more than 500 machines', () => {
  it('sees the sessions at once and the names of their machines later, which are fetched one by one', async () => {
    const { page } = window;
    const asked: string[] = [];
    const held: (() => void)[] = [];
    const machineCall = /\/api\/machines(\?|\/ag_)/;
    await page.route(machineCall, async (route, request) => {
      asked.push(request.url().replace(stack.url, ''));
      await new Promise<void>((resolve) => held.push(resolve));
      await route.continue();
    });
    await page.goto(`${stack.url}/sessions`);
    for (const machine of last) await sessionRow(`shell on ${machine}`).getByText('…', { exact: true }).waitFor();
    for (const release of held) release();
    for (const machine of last)
      await sessionRow(`shell on ${machine}`).getByText(nameOf(machine), { exact: true }).waitFor();
    expect(asked.toSorted()).toEqual([busy, ...last].map((machine) => `/api/machines/${idOf(machine)}`));
    await page.unroute(machineCall);
  });

  it('sees the name of a machine in the audit log, and finds each machine and its terminal by name', async () => {
    const { page } = window;
    const machine = 515;
    const changed = await rest.send('PATCH', `/api/machines/${idOf(machine)}`, { description: 'the last but four' });
    expect(changed.status).toBe(200);
    await page.goto(`${stack.url}/audit?machine=${idOf(machine)}`);
    await page.getByRole('table', { name: 'Audit log' }).getByText(nameOf(machine)).first().waitFor();
    await page
      .getByTitle(idOf(machine))
      .filter({ hasText: nameOf(machine) })
      .waitFor();
    await page.keyboard.press('Control+K');
    await page.getByRole('textbox', { name: 'Search machines, terminals and actions' }).fill(nameOf(machine));
    await page.getByRole('button', { name: `shell on ${machine} ${nameOf(machine)}` }).waitFor();
    await page.getByRole('button', { name: `${nameOf(machine)} offline` }).waitFor();
  });

  it('sees all machines counted on the dashboard, and the name of a machine that was changed', async () => {
    const { page } = window;
    const renamed = await rest.send('PATCH', `/api/machines/${idOf(519)}`, { name: 'the last machine' });
    expect(renamed.status).toBe(200);
    await page.goto(`${stack.url}/dashboard`);
    // And the machine of the stack itself.
    await page.getByText(String(machineCount + 1), { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Recent activity' }).getByText('the last machine').waitFor();
  });
});

describe('the list of machines', () => {
  const machineRows = () => window.page.getByRole('table', { name: 'Machines' }).getByRole('row');
  const first = (): Promise<string> => machineRows().nth(1).getByRole('link').first().innerText();
  const shows = (name: string): Promise<unknown> =>
    eventually(`${name} at the top`, async () => ((await first()) === name ? true : undefined));

  it('has an order and a page size, which this browser keeps, and a view under a name', async () => {
    const { page } = window;
    await page.goto(`${stack.url}/?search=fleet`);
    await shows(nameOf(0));
    await page.getByRole('combobox', { name: 'Order' }).selectOption('Name, Z to A');
    // 519 has another name by now.
    await shows(nameOf(518));
    expect(new URL(page.url()).searchParams.get('sort')).toBe('-name');
    await page.getByRole('combobox', { name: 'Machines on a page' }).selectOption('100 on a page');
    await eventually('a hundred rows', async () => ((await machineRows().count()) === 101 ? true : undefined));
    await page.getByRole('button', { name: 'Next page' }).click();
    await shows(nameOf(418));
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await page.getByLabel('Name', { exact: true }).fill('from the end');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.goto(stack.url);
    await page.getByRole('combobox', { name: 'Order' }).selectOption('Online first');
    await shows(ownMachine.name);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'from the end' }).click();
    await shows(nameOf(518));
    expect(await violations(page)).toEqual([]);
  });

  it('changes the tags of many machines at once, and removes them, and says which it could not', async () => {
    const { page } = window;
    const selected = page.getByRole('region', { name: 'Selected machines' });
    await page.goto(`${stack.url}/?search=fleet-020&sort=name`);
    await shows(nameOf(200));
    await page.getByLabel('Select all machines of this page').click();
    await page.getByLabel(`Select ${nameOf(205)}`).click();
    await selected.getByText('9 machines selected').waitFor();
    await selected.getByRole('button', { name: 'Add tags' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add tags to 9 machines' });
    await dialog.getByRole('combobox', { name: 'Tags' }).fill('rack 7');
    await page.keyboard.press('Enter');
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add tags' }).click();
    await selected.waitFor({ state: 'detached' });
    const tagged = await rest.get<{ total: number }>('/api/machines?tag=rack%207');
    expect(tagged.body.total).toBe(9);
    await page.getByLabel(`Select ${nameOf(201)}`).click();
    await page.getByLabel(`Select ${nameOf(202)}`).click();
    // Removed meanwhile by somebody else.
    expect((await rest.send('DELETE', `/api/machines/${idOf(201)}`)).status).toBe(204);
    await selected.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove machines' }).click();
    await eventually('the two are gone', async () =>
      (await rest.get<{ total: number }>('/api/machines?search=fleet-020')).body.total === 8 ? true : undefined,
    );
  });
});
