import { writeFileSync } from 'node:fs';
import { settingsPage } from './settings-page.ts';

// `npm run docs:settings`: settings-page.test.ts fails until it has been run.
writeFileSync(new URL('../docs/settings.md', import.meta.url), settingsPage());
