import { migrateOnly } from '@webxterm/shared/mongo';
import { hubMigrations } from './migrations/steps.ts';

await migrateOnly('agent-hub', hubMigrations);
