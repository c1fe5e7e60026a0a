import { expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { Rest } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, stack, useStackAndBrowser } from './support/use-stack.ts';

useStackAndBrowser();

it('a user creates an access token for a program, sees its use and revokes it; an administrator revokes all', async () => {
  const view = await TerminalPage.open(browser, {});
  const { page } = view;
  await view.signIn(stack.url, stack.admin);
  await page.getByRole('table', { name: 'Machines' }).waitFor();
  await page.goto(`${stack.url}/profile`);
  const card = page.getByRole('region', { name: 'Access tokens' });
  await card.getByText('You have no access tokens.').waitFor();
  const create = async (name: string): Promise<string> => {
    await card.getByRole('button', { name: 'New token' }).click();
    const dialog = page.getByRole('dialog', { name: 'New access token' });
    await dialog.getByLabel('What it is for').and(page.locator(':focus')).waitFor();
    await page.keyboard.type(name);
    await dialog.getByLabel('Run commands').check();
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel('What it is for').press('Enter');
    const made = page.getByRole('dialog', { name: 'Your new access token' });
    const token = (await made.getByTestId('access-token').textContent()) ?? '';
    expect(token).toMatch(/^vsay_pat_[0-9A-Za-z]{36}$/);
    expect(await violations(page)).toEqual([]);
    await made.getByLabel('I have stored it').check();
    await made.getByRole('button', { name: 'Done' }).click();
    await card.getByText(name).waitFor();
    return token;
  };

  const token = await create('nightly backup');
  await card.getByText('never used').waitFor();
  const program = new Rest(stack.url, token);
  const command = await program.post<{ stdout: string }>(`/api/machines/${ownMachine.agent_id}/command`, {
    command: 'echo by-a-program',
  });
  expect([command.status, command.body.stdout]).toEqual([200, 'by-a-program\n']);
  expect((await program.get('/api/users')).status).toBe(403);
  await page.reload();
  await card.getByText(/used .* from 127\.0\.0\.1/).waitFor();
  expect(await page.content()).not.toContain(token);

  await card.getByRole('button', { name: 'Revoke nightly backup' }).click();
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await card.getByText('You have no access tokens.').waitFor();
  expect((await program.get('/api/machines')).status).toBe(401);

  const second = await create('second');
  await page.goto(`${stack.url}/users`);
  await page
    .getByRole('button', { name: /^Actions for/ })
    .first()
    .click();
  await page.getByRole('menuitem', { name: 'Access tokens' }).click();
  const dialog = page.getByRole('dialog', { name: /^Access tokens of/ });
  await dialog.getByText('second').waitFor();
  // The menu fades out behind the dialog.
  await page.getByRole('menu').waitFor({ state: 'hidden' });
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Revoke all' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect((await new Rest(stack.url, second).get('/api/machines')).status).toBe(401);
  expect(view.complaints).toEqual([]);
  await view.close();
}, 300_000);
