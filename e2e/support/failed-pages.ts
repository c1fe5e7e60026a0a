// Set-up of each browser test: a failed test prints the pages that are open, because a locator that timed out says only what was not there.
import { afterEach } from 'vitest';
import { openPages } from './browser.ts';

const maxText = 3000;

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const page of openPages()) {
    const text = await page.locator('body').innerText({ timeout: 1000 }).catch(String);
    process.stdout.write(`page ${page.url()} after the failure of '${task.name}':\n${text.slice(0, maxText)}\n`);
  }
});
