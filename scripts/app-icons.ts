// `node scripts/app-icons.ts` draws the icons of the installed app from favicon.svg. Their PNG files are committed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '../e2e/support/browser.ts';

const folder = join(import.meta.dirname, '../clients/web/public');
const rounded = readFileSync(join(folder, 'favicon.svg'), 'utf8');
const square = rounded.replace('rx="8"', 'rx="0"');
// A system cuts a maskable icon to a circle of 80 % of its width.
const masked = `<div style="display:grid;place-items:center;height:100%;background:#0f4d5c"><div style="width:72%;height:72%">${square}</div></div>`;

const icons = [
  { file: 'icon-192.png', size: 192, picture: rounded },
  { file: 'icon-512.png', size: 512, picture: rounded },
  { file: 'icon-maskable-512.png', size: 512, picture: masked },
  // iOS rounds the corners, and shows transparent ones in black.
  { file: 'apple-touch-icon-180.png', size: 180, picture: square },
];

const browser = await launchBrowser();
for (const { file, size, picture } of icons) {
  const page = await browser.newPage({ viewport: { width: size, height: size }, deviceScaleFactor: 1 });
  await page.setContent(
    `<style>html,body{margin:0;height:100%}svg{display:block;width:100%;height:100%}</style>${picture}`,
  );
  await page.screenshot({ path: join(folder, 'icons', file), omitBackground: true });
  await page.close();
}
await browser.close();
