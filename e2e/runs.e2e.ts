import type { Run, RunOutput, RunTarget } from '@webxterm/contracts/rest';
import { expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { eventually, Rest } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, rest, stack, useStackAndBrowser } from './support/use-stack.ts';

useStackAndBrowser();

const start = async (body: object, as = rest): Promise<Run> => {
  const answer = await as.post<Run>('/api/runs', { agent_ids: [ownMachine.agent_id], ...body });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
};
const inState = (run: Run, state: Run['state'], counts: Partial<Run['counts']> = {}): Promise<Run> =>
  eventually(`the run is ${state}`, async () => {
    const { body } = await rest.get<Run>(`/api/runs/${run.run_id}`);
    const has = Object.entries(counts).every(([name, count]) => body.counts[name as keyof Run['counts']] === count);
    return body.state === state && has ? body : undefined;
  });

it('a run passes its inputs to the machine, keeps its outputs apart, and is audited', async () => {
  const value = `"$(id)" 'x' \\ ü`;
  const command = 'printf "%s|%s" "$INPUT" "$1"; echo bad >&2; exit 3';
  const run = await start({ command, environment: { INPUT: value }, arguments: [value] });
  expect(await inState(run, 'ended')).toMatchObject({ cause: null, counts: { failed: 1 } });
  const output = await rest.get<RunOutput>(`/api/runs/${run.run_id}/targets/${ownMachine.agent_id}/output`);
  expect(output.body).toMatchObject({ exit_code: 3, stdout: `${value}|${value}`, stderr: 'bad\n', outcome: 'failed' });
  const rows = await eventually('the rows of the run', async () => {
    const { body } = await rest.get<{ events: { action: string; details: Record<string, unknown> }[] }>(
      '/api/audit?limit=50',
    );
    const found = body.events.filter(({ details }) => details.run_id === run.run_id);
    return found.length === 3 ? found : undefined;
  });
  expect(rows.map(({ action }) => action).toSorted()).toEqual(['run_command_sent', 'run_ended', 'run_started']);
  expect(rows.find(({ action }) => action === 'run_started')?.details).toMatchObject({ command, machines: 1 });
});

it('an access token with the scope starts a run, and its end ends the command; without the scope it is refused', async () => {
  const newToken = async (scopes: string[]): Promise<{ id: string; as: Rest }> => {
    const made = await rest.post<{ access_token: { id: string }; token: string }>('/api/profile/tokens', {
      name: `runs ${scopes}`,
      scopes,
    });
    return { id: made.body.access_token.id, as: new Rest(stack.url, made.body.token) };
  };
  const [able, unable] = [await newToken(['command']), await newToken(['see', 'open'])];
  const refused = await unable.as.post('/api/runs', { command: 'true', agent_ids: [ownMachine.agent_id] });
  expect(refused).toMatchObject({ status: 403, body: { code: 'token_not_allowed' } });
  const run = await start({ command: 'sleep 600', timeout_seconds: 600 }, able.as);
  await inState(run, 'running', { running: 1 });
  await rest.send('DELETE', `/api/profile/tokens/${able.id}`);
  expect(await inState(run, 'ended')).toMatchObject({ cause: 'signin_ended', counts: { cancelled: 1 } });
  const { body } = await rest.get<{ targets: RunTarget[] }>(`/api/runs/${run.run_id}/targets`);
  expect(body.targets).toMatchObject([{ state: 'cancelled', signal: 'SIGTERM', reason: 'signin_ended' }]);
});

it('the page runs a command on selected machines, shows the answers live, runs again, cancels and downloads', async () => {
  const view = await TerminalPage.open(browser);
  const { page } = view;
  await view.signIn(stack.url, stack.admin);
  await page.getByRole('link', { name: ownMachine.name, exact: true }).waitFor();
  await page.getByRole('checkbox', { name: `Select ${ownMachine.name}` }).check();
  await page.getByRole('button', { name: 'Run a command' }).click();
  await page.getByText('On 1 machine', { exact: true }).waitFor();
  await page.getByRole('textbox', { name: 'Command' }).fill('echo "hello $WHO"\ntest -e /nowhere');
  await page.getByRole('button', { name: 'Inputs, pace and Linux user' }).click();
  const variables = page.getByRole('textbox', { name: 'Environment variables' });
  await variables.fill('wrong line');
  await page.getByText('This is not like NAME=value: wrong line').waitFor();
  expect(await page.getByRole('button', { name: 'Run on 1 machine' }).isDisabled()).toBe(true);
  await variables.fill('WHO=fleet');
  await page.getByRole('button', { name: 'Run on 1 machine' }).click();
  await page.getByRole('heading', { level: 1, name: 'echo "hello $WHO" …' }).waitFor();
  await page.getByRole('region', { name: 'Answer of 1 machine' }).getByText('hello fleet').waitFor();
  await page.getByRole('button', { name: ownMachine.name, exact: true }).click();
  await page
    .getByRole('region', { name: `Output of ${ownMachine.name}` })
    .getByText('hello fleet')
    .waitFor();
  await page.getByText('Failed', { exact: true }).click();
  await page.getByRole('table').getByText('Exit 1').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  await page.setViewportSize({ width: 1200, height: 800 });
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toMatch(/^run-.*\.ndjson$/);
  const before = page.url();
  await page.getByRole('button', { name: 'Run again on 1 failed' }).click();
  await page.waitForURL((url) => url.href !== before);
  await page.getByRole('table').getByText('Exit 1').waitFor();

  await page.goto(`${stack.url}/runs/new`);
  await page
    .getByRole('combobox', { name: 'Machines' })
    .or(page.getByRole('textbox', { name: 'Machines' }))
    .click();
  await page.getByRole('option', { name: 'found by' }).click();
  await page.getByRole('textbox', { name: 'Part of a name, a description or a tag' }).fill(ownMachine.name);
  await page.getByText('1 machine now').waitFor();
  await page.getByRole('textbox', { name: 'Command' }).fill('sleep 600');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('table').getByText('Running').waitFor();
  await page.getByRole('button', { name: 'Cancel run' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
  await page.getByText('This run was cancelled.').waitFor();
  await page.getByRole('table').getByText('Cancelled').waitFor();
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
  await page.getByRole('link', { name: 'sleep 600' }).first().waitFor();
  expect(await violations(page)).toEqual([]);
  expect(view.complaints).toEqual([]);
  await view.close();
}, 300_000);
