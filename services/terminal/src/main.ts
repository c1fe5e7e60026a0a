import { runService } from '@webxterm/shared';
import { startTerminal } from './service.ts';
import { readTerminalSettings } from './settings.ts';

await runService('terminal', readTerminalSettings, startTerminal);
