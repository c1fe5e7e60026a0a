import { runService } from '@webxterm/shared';
import { startHub } from './hub.ts';
import { readHubSettings } from './settings.ts';

await runService('agent-hub', readHubSettings, startHub);
