import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { programs, settingsPage } from './settings-page.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const page = readFileSync(`${root}docs/settings.md`, 'utf8');

const sources = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.cjs'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && !/\.test\.tsx?$|\/testing\/|\/generated\//.test(file));

/** Names that a source takes out of `process.env`, or out of the environment that it was handed. */
const variablesIn = (text: string): string[] => {
  const properties = [...text.matchAll(/\b(?:process\.env|environment|given)\??\.([A-Za-z_]+)/g)].map(
    ([, name = '']) => name,
  );
  const destructured = [...text.matchAll(/const \{([^}]*)\} = process\.env/g)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim().replace(/:.*/, '')),
  );
  // Variables of the environment are in capitals; `environment.extraCaFile` is a field of what was read.
  return [...properties, ...destructured].filter((name) => /^([A-Z][A-Z0-9_]+|npm_\w+)$/.test(name));
};

describe('docs/settings.md', () => {
  it('equals the generated page (npm run docs:settings writes it)', () => {
    expect(page).toBe(settingsPage());
  });

  it('has every variable that any source reads', () => {
    const read = new Map<string, string>();
    for (const file of sources) for (const name of variablesIn(readFileSync(root + file, 'utf8'))) read.set(name, file);
    expect(read.size).toBeGreaterThan(10);
    expect([...read].filter(([name]) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has the settings of every file that calls readConfig', () => {
    const shapes = ['services/auth/src/settings.ts', ...programs.map(({ file }) => file)];
    const callers = sources.filter((file) => /(?<!const )\breadConfig\('/.test(readFileSync(root + file, 'utf8')));
    const setUp = ['stack/src/compose/main.ts', 'stack/src/kubernetes/main.ts', 'stack/src/kubernetes/demo.ts'];
    expect(callers.filter((file) => !shapes.includes(file) && !setUp.includes(file))).toEqual([]);
    // Those take their shapes from set-up-settings.ts, which the page is made from.
    for (const file of setUp) expect(readFileSync(root + file, 'utf8')).toMatch(/readConfig\('[a-z-]+', \w+Shape\)/);
  });

  it.each(['REGISTRATIONS_PER_MINUTE', 'max_sessions', 'ring_mib', 'detached_hours', 'WEBXTERM_BIND', 'VSAY_TOKEN'])(
    'has %s',
    (name) => {
      expect(page).toContain(`| \`${name}\` |`);
    },
  );
});
