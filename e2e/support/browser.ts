import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

// Not the package's own arguments: they switch web security off and die at a second context.
const args = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--disable-background-networking',
  '--no-first-run',
];

/**
 * A real headless Chromium, from npm: no system package, no download. `detour`: what it sends to the port `from` of loopback
 * goes to the port `to`, and neither page nor server notices.
 */
export const launchBrowser = async (detour?: { from: number; to: number }): Promise<Browser> => {
  mkdirSync(join(tmpdir(), 'webxterm-chromium'), { recursive: true });
  const rules = detour === undefined ? [] : [`--host-resolver-rules=MAP *:${detour.from} 127.0.0.1:${detour.to}`];
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...args, ...rules],
    headless: true,
  });
};
