import { writeFileSync } from 'node:fs';
import { asyncApiText } from './asyncapi.ts';

// `npm run docs:asyncapi`: asyncapi.test.ts fails until it has been run.
writeFileSync(new URL('../docs/asyncapi.json', import.meta.url), asyncApiText());
