import { expect, it } from 'vitest';
import { rest } from './support/use-stack.ts';
import { terminal, useTerminalPage } from './support/use-terminal-page.ts';

useTerminalPage();

it('the line below a terminal says that it is recorded, also after a reload, and not of one that is not', async () => {
  const { page } = terminal;
  expect(await page.getByTestId('terminal-recorded').count()).toBe(0);
  await rest.send('PATCH', '/api/recording-policy', { mode: 'on' });
  await terminal.run('exit');
  await page.getByRole('button', { name: 'New shell' }).click();
  const mark = page.getByTestId('terminal-recorded');
  await mark.waitFor();
  expect(await mark.innerText()).toBe('Recorded');
  await page.reload();
  await mark.waitFor();
  // A phone with its keyboard open hides the line of other terminals.
  await page.setViewportSize({ width: 390, height: 380 });
  expect(await mark.isVisible()).toBe(true);
});
