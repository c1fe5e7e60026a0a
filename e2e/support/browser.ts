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

/** A real headless Chromium, from npm: no system package, no download. */
export const launchBrowser = async (): Promise<Browser> => {
  mkdirSync(join(tmpdir(), 'webxterm-chromium'), { recursive: true });
  return playwright.launch({ executablePath: await chromium.executablePath(), args, headless: true });
};
