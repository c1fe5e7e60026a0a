// Runs before integration tests: shells get an empty home folder. The login scripts of the developer may be
// slow, and may wait for each other: a version manager that was killed while it held its lock holds up each later shell for a minute.
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

// Servers that were fetched stay where they are.
process.env.XDG_CACHE_HOME ??= join(homedir(), '.cache');
const home = mkdtempSync(join(tmpdir(), 'webxterm-home-'));
process.env.HOME = home;

afterAll(() => rmSync(home, { recursive: true, force: true }));
