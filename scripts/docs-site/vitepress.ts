import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installTool } from '../install-tool.ts';

/** VitePress is no dependency of the project: 120 packages (100 MB) that only this command needs. It is installed beside the other caches. */
export const toolFolder = join(import.meta.dirname, '../../node_modules/.cache/docs-site');

const version = '1.6.4';

export const vitepressModule = join(toolFolder, 'node_modules/vitepress/dist/node/index.js');

/** @returns whether VitePress can be run */
export const installVitepress = (): boolean =>
  existsSync(vitepressModule) || installTool(toolFolder, [`vitepress@${version}`]);

if (import.meta.main && !installVitepress()) process.exitCode = 1;
