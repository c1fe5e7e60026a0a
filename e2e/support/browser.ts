import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';

// Not the package's own arguments: they switch web security off and die at a second context.
const args = ['--no-sandbox', '--disable-background-networking', '--no-first-run'];
const withWebgl = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
];
const withoutWebgl = ['--disable-gpu', '--disable-3d-apis'];

/** Without motion nothing has to be painted again and again in software: no blinking cursor, no fading dialog. */
export const usualContext = { viewport: { width: 1200, height: 800 }, reducedMotion: 'reduce' } as const;

export interface BrowserOptions {
  /**
   * True for a browser with WebGL, which a machine without a graphics card computes in software: a second of processor time for each
   * terminal that is opened. Without it terminals are drawn by the DOM renderer, as in browsers that have no WebGL.
   */
  readonly webgl?: boolean;
  /** Requests of the browser to the port `from` of loopback go to the port `to`, and neither page nor server notices. */
  readonly detour?: { readonly from: number; readonly to: number };
}

const launched = new Set<Browser>();

/** The pages of all browsers of this process. */
export const openPages = (): Page[] =>
  [...launched].flatMap((browser) => browser.contexts().flatMap((context) => context.pages()));

/** A real headless Chromium, from npm: no system package, no download. */
export const launchBrowser = async ({ webgl = false, detour }: BrowserOptions = {}): Promise<Browser> => {
  mkdirSync(join(tmpdir(), 'webxterm-chromium'), { recursive: true });
  const rules = detour === undefined ? [] : [`--host-resolver-rules=MAP *:${detour.from} 127.0.0.1:${detour.to}`];
  const browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...args, ...(webgl ? withWebgl : withoutWebgl), ...rules],
    headless: true,
  });
  launched.add(browser);
  browser.once('disconnected', () => launched.delete(browser));
  return browser;
};
