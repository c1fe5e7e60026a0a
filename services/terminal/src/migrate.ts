import { migrateOnly } from '@webxterm/shared/mongo';
import { terminalMigrations } from './migrations/steps.ts';

await migrateOnly('terminal', terminalMigrations);
