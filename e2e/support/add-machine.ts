import type { Page } from 'playwright-core';

/** Adds a machine on the page of a signed-in user. @returns the install command that the page shows */
export const installCommand = async (page: Page, url: string, name: string): Promise<string> => {
  await page.goto(`${url}/machines/add`);
  const again = page.getByRole('button', { name: 'Add another machine' });
  const field = page.getByLabel('Name', { exact: true });
  await again.or(field).first().waitFor();
  if (await again.isVisible()) await again.click();
  await field.fill(name);
  await page.getByRole('button', { name: 'Get the install command' }).click();
  return page.locator('pre', { hasText: 'install.sh' }).innerText();
};

/** The steps of an installation that the page shows, as `Check the machine: done`. */
export const shownSteps = (page: Page): Promise<string[]> =>
  page
    .getByRole('list', { name: 'Steps of the installation' })
    .locator('li')
    .evaluateAll((steps) => steps.map((step) => step.getAttribute('aria-label') ?? ''));
