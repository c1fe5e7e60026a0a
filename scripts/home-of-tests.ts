// For integration tests, before anything else of theirs: shells get an empty home. The login scripts of whoever runs the tests may be
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
