import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { eventually } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, ownMachine, stack, useStackAndBrowser } from './support/use-stack.ts';

useStackAndBrowser();

const minutes = 60;

/** Readings of the last hour with a rising load. The machine of the test has run for less than that. */
const withReadings = async (page: Page): Promise<void> => {
  await page.route('**/metrics?*', async (route) => {
    const first = Date.now() - minutes * 60_000;
    const points = Array.from({ length: minutes }, (_, minute) => ({
      at: new Date(first + minute * 60_000).toISOString(),
      ...{ cpu_percent: minute, memory_percent: 40, disk_percent: 61.5 },
      ...{ network_inbound: minute / 10, network_outbound: 0.25 },
    }));
    await route.fulfill({ json: { points, step_seconds: 60 } });
  });
};

describe('the history of a machine', () => {
  it('shows load and traffic over time, the figures under the pointer, and a part of it', async () => {
    const view = await TerminalPage.open(browser);
    const { page } = view;
    await withReadings(page);
    await view.signIn(stack.url, stack.admin);
    await page.getByRole('table', { name: 'Machines' }).waitFor();
    await page.goto(`${stack.url}/machines/${ownMachine.agent_id}`);
    const load = page.getByRole('figure', { name: 'Load over time. Last reading: CPU 59 %, Memory 40 %, Disk 62 %' });
    const network = page.getByRole('figure', {
      name: /^Network over time\. Last reading: Received 5\.9 MB\/s, Sent 0\.25 MB\/s$/,
    });
    await load.waitFor();
    await network.waitFor();
    expect(await violations(page)).toEqual([]);
    await load.scrollIntoViewIfNeeded();
    const plot = await load.locator('.recharts-cartesian-grid').boundingBox();
    if (plot === null) throw new Error('there is no chart');
    await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height / 2);
    await load
      .locator('.mantine-ChartTooltip-tooltip')
      .filter({ hasText: /CPU\s*(29|30) %/ })
      .waitFor();
    await network
      .locator('.mantine-ChartTooltip-tooltip')
      .filter({ hasText: /Received\s*(2\.9|3) MB\/s/ })
      .waitFor();
    const times = async () => (await network.locator('text').allTextContents()).join();
    const before = await times();
    expect(before).toContain(':');
    const slider = load.getByRole('slider', { name: 'Time shown' }).first();
    await eventually('a later part of both charts', async () => {
      await slider.press('ArrowRight');
      return (await times()) === before ? undefined : true;
    });
    expect(view.complaints).toEqual([]);
    await view.close();
  });
});
