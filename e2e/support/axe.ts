import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** The findings of axe about the page: rule, element and reason. */
export const violations = async (page: Page): Promise<string[]> => {
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  await page.evaluate(axe.source);
  // A dialog or toast of Mantine is outside of the landmarks by design: `region` is no criterion of WCAG.
  return page.evaluate(`axe.run(document, { rules: { region: { enabled: false } } }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(' | '))))`);
};
