import { runService } from '@webxterm/shared';
import { startAuth } from './service.ts';
import { readAuthSettings } from './settings.ts';

await runService('auth', readAuthSettings, startAuth);
