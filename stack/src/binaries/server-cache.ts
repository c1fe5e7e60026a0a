import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { plainFailure } from '../failure.ts';
import type { ServerName } from './known-servers.ts';

/** The per-user folder of downloaded programs. */
export const defaultCacheFolder = (
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string => {
  const given = environment.XDG_CACHE_HOME;
  if (given?.startsWith('/')) return join(given, 'webxterm');
  return platform === 'darwin'
    ? join(homedir(), 'Library', 'Caches', 'webxterm')
    : join(homedir(), '.cache', 'webxterm');
};

/** Downloaded programs by name. Several stacks and test runs share the cache, so an entry is added by a single rename. */
export class ServerCache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  find(name: ServerName): string | undefined {
    const path = join(this.folder, name);
    return existsSync(path) ? path : undefined;
  }

  /** Calls `fill` with an empty folder on the cache's disk, and stores the program at the path that it returns. */
  async keep(name: ServerName, fill: (folder: string) => Promise<string>): Promise<string> {
    let temporary: string;
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      temporary = mkdtempSync(join(this.folder, `.fetching-${name}-`));
    } catch (error) {
      throw plainFailure(error, this.folder);
    }
    try {
      const program = await fill(temporary);
      chmodSync(program, 0o755);
      const path = join(this.folder, name);
      renameSync(program, path);
      return path;
    } catch (error) {
      throw plainFailure(error, this.folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
}
