import { migrateOnly } from '@webxterm/shared/mongo';
import { authMigrations } from './migrations/steps.ts';

await migrateOnly('auth', authMigrations);
