import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recording } from '@webxterm/contracts/rest';
import { afterAll, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { eventually } from './support/rest.ts';
import { ownMachine, rest, stack } from './support/use-stack.ts';
import { terminal, useTerminalPage } from './support/use-terminal-page.ts';

const setPolicy = async (mode: 'off' | 'on'): Promise<void> => {
  expect((await rest.send('PATCH', '/api/recording-policy', { mode })).status).toBe(200);
};

useTerminalPage({ prepare: () => setPolicy('off') });
afterAll(() => setPolicy('off'));

const recordings = async (): Promise<readonly Recording[]> =>
  (await rest.get<{ recordings: Recording[] }>('/api/recordings')).body.recordings;

it('a terminal is recorded by the policy, and played, searched by time, downloaded and deleted on its page', async () => {
  const { page } = terminal;
  await page.goto(`${stack.url}/recordings`);
  await page.getByText('No recordings').waitFor();
  const policy = page.getByRole('region', { name: 'Recording policy' });
  await policy.getByLabel('Record terminals').selectOption('on');
  await policy.getByLabel('Keep for days').fill('30');
  expect(await violations(page)).toEqual([]);
  await policy.getByRole('button', { name: 'Save' }).click();
  await eventually('the policy', async () => {
    const { body } = await rest.get<{ mode: string; keep_days: number }>('/api/recording-policy');
    return body.mode === 'on' && body.keep_days === 30 ? true : undefined;
  });

  await page.goto(`${stack.url}/terminal/${ownMachine.agent_id}`);
  await terminal.until(/[$#%>]\s*$/m);
  await terminal.focus();
  await page.keyboard.press('Control+Shift+Enter');
  await eventually('the mark of a recorded terminal', async () =>
    (await page.getByText('Recorded', { exact: true }).count()) > 0 ? true : undefined,
  );
  await terminal.run(
    "PS1='$ '; clear; printf '\\033]133;A\\007\\033]133;B\\007make all\\n\\033]133;C\\007'; seq 1000 1019; printf '\\033]133;D;2\\007'; read y; printf '\\033[?1049hWHOLE SCREEN'; read x; printf '\\033[?1049l'; exit 7",
  );
  // The whole screen comes at a later moment than the command.
  await terminal.until(/^1019\s*$/m);
  await page.keyboard.press('Enter');
  await terminal.until(/WHOLE SCREEN\s*$/m);
  await page.keyboard.press('Enter');
  const recording = await eventually('the end of the recording', async () =>
    (await recordings()).find(({ status }) => status === 'ended'),
  );
  expect(recording).toMatchObject({ exit_code: 7, complete: true, agent_id: ownMachine.agent_id });

  await page.goto(`${stack.url}/recordings`);
  await page
    .getByRole('link', { name: new RegExp(`^Play .+ on ${ownMachine.name}`) })
    .first()
    .click();
  const screen = page.getByTestId('player-screen').locator('.xterm-accessibility-tree');
  const shows = (wanted: RegExp): Promise<unknown> =>
    eventually(`${wanted} on the screen`, async () => (wanted.test(await screen.innerText()) ? true : undefined));
  await page.getByRole('button', { name: 'Play again' }).waitFor();
  // The program has left the whole screen again.
  await shows(/^1019\s*$/m);
  expect(await page.getByTestId('activity').locator('path').getAttribute('d')).toMatch(/V0H/);
  const slider = page.getByRole('slider', { name: 'Moment of the recording' });
  await slider.focus();
  await page.keyboard.press('Home');
  await eventually('an empty screen', async () => (/1019/.test(await screen.innerText()) ? undefined : true));
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await shows(/^1019\s*$/m);
  await page.getByRole('button', { name: 'Play again' }).waitFor();
  expect(await violations(page)).toEqual([]);
  const paper = (): Promise<string> =>
    page.evaluate(
      "getComputedStyle(document.querySelector('[data-testid=player-screen] .xterm-scrollable-element')).backgroundColor",
    );
  const light = await paper();
  await page.emulateMedia({ colorScheme: 'dark' });
  await eventually('the screen in the dark theme', async () => ((await paper()) === light ? undefined : true));
  await page.emulateMedia({ colorScheme: 'light' });

  await page.getByRole('button', { name: 'Copy the text on the screen' }).click();
  await page.getByText('Copied to the clipboard').waitFor();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^1000\n1001\n/m);
  await eventually('the index', async () => ((await recordings())[0]?.index === 'ready' ? true : undefined));
  await page.goto(`${stack.url}/recordings`);
  await page.getByLabel('Search in recordings').fill('"1007"');
  await page.getByRole('button', { name: 'Search', exact: true }).click();
  const lines = page.getByRole('region', { name: 'Lines that were found' });
  await lines.getByText('1007').waitFor();
  expect(await lines.getByRole('listitem').innerText()).toMatch(/1005\n1006\n1007\n1008\n1009/);
  expect(await violations(page)).toEqual([]);
  await lines.getByRole('link', { name: /^Play at / }).click();
  await page.waitForURL(/\/recordings\/.+#t=/);
  await page.getByLabel('Search in this recording').fill('1012');
  await page.keyboard.press('Enter');
  await lines.getByRole('button', { name: /^Go to / }).click();
  await shows(/^1012\s*$/m);
  const command = page.getByRole('region', { name: 'Commands' }).getByRole('row');
  expect(await command.innerText()).toMatch(/make all\s+exit 2/i);
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
  await slider.focus();
  await page.keyboard.press('Home');
  await eventually('an empty screen', async () => (/1012/.test(await screen.innerText()) ? undefined : true));
  await command.getByRole('button', { name: /^Go to / }).click();
  await shows(/^make all\s*$/m);
  expect(await violations(page)).toEqual([]);

  const saved = async (format: string): Promise<string> => {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    await page.getByRole('menuitem', { name: format }).click();
    const file = join(tmpdir(), `webxterm-${recording.recording_id}`);
    await (await download).saveAs(file);
    const content = readFileSync(file, 'utf8');
    rmSync(file);
    return content;
  };
  expect(await saved('Text')).toMatch(/^1006\n1007\n1008$/m);
  const [header = '', ...events] = (await saved('Recording')).trimEnd().split('\n');
  expect(JSON.parse(header)).toMatchObject({ version: 3 });
  expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ 1: 'x', 2: '7' });

  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete the recording' }).click();
  await page.waitForURL(`${stack.url}/recordings`);
  await eventually('it is gone', async () =>
    (await recordings()).some(({ recording_id }) => recording_id === recording.recording_id) ? undefined : true,
  );
});

it('the line below a terminal says that it is recorded, also after a reload, and not of one that is not', async () => {
  const { page } = terminal;
  expect(await page.getByTestId('terminal-recorded').count()).toBe(0);
  await setPolicy('on');
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
