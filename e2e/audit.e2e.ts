import { readFileSync } from 'node:fs';
import { type AuditRow, listAudit } from '@webxterm/contracts/rest';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { usualContext } from './support/browser.ts';
import { eventually } from './support/rest.ts';
import { rest as admin, browser, ownMachine, stack, useStackAndBrowser } from './support/use-stack.ts';

let page: Page;
let agentId: string;

useStackAndBrowser();

beforeAll(async () => {
  agentId = ownMachine.agent_id;
  page = await (await browser.newContext(usualContext)).newPage();
});

const rows = async (query: string): Promise<AuditRow[]> => {
  const { status, body } = await admin.get(`/api/audit?limit=200&${query}`);
  expect([query, status]).toEqual([query, 200]);
  return listAudit.success.schema.parse(body).events;
};

const row = (query: string): Promise<AuditRow> => eventually(`a row for ${query}`, async () => (await rows(query))[0]);

describe('the audit log of a whole stack', () => {
  it('has rows for the machine, the terminal on it, and a refused sign-in, each with its actor', async () => {
    const added = await row(`action=machine_added&machine=${agentId}`);
    expect(added).toMatchObject({ service: 'agent-hub', result: 'ok', actor: { kind: 'service', verified: true } });
    expect(added.details).toMatchObject({ by: 'registration_token' });
    // The set-up has added the machine, so its owner is not asked whether it is known.
    expect((await admin.get(`/api/machines/${agentId}`)).body).toMatchObject({ new_from: null });

    const ticket = await admin.post('/api/terminal/tickets', { agent_id: agentId });
    const socket = new WebSocket(
      `${stack.url.replace('http', 'ws')}/api/terminal/${agentId}/ws?token=${String(ticket.body.ticket)}`,
    );
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', reject);
    });
    const ofSession = (action: string): Promise<AuditRow> =>
      eventually(`${action} of the session`, async () =>
        (await rows(`action=${action}&machine=${agentId}`)).find(
          ({ session_id }) => session_id === ticket.body.session_id,
        ),
      );
    const opened = await ofSession('terminal_opened');
    expect(opened).toMatchObject({
      service: 'terminal',
      actor: { kind: 'user', username: 'admin', verified: true },
    });
    expect(opened.address).not.toBe('');
    socket.send('exit 3\n');
    expect(await ofSession('terminal_closed')).toMatchObject({ details: { exit_code: 3 } });

    const outsider = admin.as((await admin.signup('outsider')).token);
    expect((await outsider.post('/api/terminal/tickets', { agent_id: agentId })).status).toBe(404);
    const denied = await eventually('the refused ticket', async () =>
      (await rows(`action=terminal_denied&machine=${agentId}`)).find(({ actor }) => actor.username === 'outsider'),
    );
    expect(denied).toMatchObject({
      actor: { verified: true },
      result: 'denied',
      reason: 'machine_not_found',
    });
  });

  it('is read by administrators in the browser: filtered, opened, and downloaded', async () => {
    await page.goto(stack.url);
    await page.getByLabel('E-mail').fill(stack.admin.email);
    await page.getByLabel('Password', { exact: true }).fill(stack.admin.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('link', { name: 'Audit' }).click();
    const table = page.getByRole('table', { name: 'Audit log' });
    await table.getByText('Opened a terminal').first().waitFor();

    await page.getByRole('combobox', { name: 'Action' }).fill('denied');
    await page.getByRole('option', { name: 'Terminal denied' }).click();
    await table.getByText('Opened a terminal').first().waitFor({ state: 'detached' });
    await table.getByText('outsider').first().waitFor();
    expect(new URL(page.url()).searchParams.get('action')).toContain('terminal_denied');

    await table
      .getByRole('button', { name: /^More about row/ })
      .first()
      .click();
    await table.getByText('machine_not_found').waitFor();
    await table.getByText('Only this machine').click();
    await page.getByRole('button', { name: 'Any machine' }).waitFor();

    await page.getByRole('button', { name: 'Download what is listed' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: /CSV/ }).click(),
    ]);
    const file = readFileSync(await download.path(), 'utf8');
    expect(file.split('\r\n')[0]).toContain('seq,at,recorded_at');
    expect(file).toContain('"terminal_denied"');
    expect(file).not.toContain('"terminal_opened"');

    await page.getByRole('button', { name: 'Clear all' }).click();
    await table.getByText('Downloaded the audit log').waitFor();
  });
});
