import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { declares, filesOf, leadsSomewhere, read, relativeLinks } from './markdown-links.ts';

it('every relative link and anchor of every page leads somewhere', () => {
  const links = relativeLinks(filesOf('*.md'));
  expect(links.length).toBeGreaterThan(100);
  expect(links.filter((link) => !leadsSomewhere(link))).toEqual([]);
});

it('a link to a file or a heading that is not there is found', () => {
  const page = 'docs/architecture.md';
  const dead = ['nowhere.md', 'security.md#nowhere', '#nowhere'].map((target) => ({ page, target }));
  expect(dead.filter(leadsSomewhere)).toEqual([]);
  expect(leadsSomewhere({ page, target: 'security.md#bounds' })).toBe(true);
});

/** The steps of a table of docs/architecture.md, in order: the process of each, and the functions with their files. */
const stepsOf = (table: string) =>
  [...table.matchAll(/^\| ([a-z-]+): [^|]*\| (.*) \|$/gm)].flatMap(([, process = '', cell = '']) =>
    [...cell.matchAll(/\[`([^`]+)`\]\(\.\.\/([^)]+)\)((?:,? `[^`]+`)+)/g)].flatMap(
      ([, label = '', file = '', names = '']) => {
        expect(file.endsWith(`/${label}`), `${label} is the name of ${file}`).toBe(true);
        return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ process, file, name }));
      },
    ),
  );

/** Created with the attachment: the calls of its transport have no name. */
const setUpBefore = ['serveAttachment'];

/** Steps that no file above them calls, in their process. A class without a method stands for its callbacks, which are not looked at. */
const uncalled = (steps: ReturnType<typeof stepsOf>) =>
  steps.filter(({ process, name }, index) => {
    const above = steps.slice(0, index + 1).filter((step) => step.process === process);
    const [top = '', method] = name.split('.');
    if (above.length === 1 || setUpBefore.includes(name) || (method === undefined && /^[A-Z]/.test(top))) return false;
    const call = method === undefined ? new RegExp(`\\b${top}[.(]`) : new RegExp(`\\.${method}\\(`);
    return !above.some(({ file }) => call.test(read(file)));
  });

describe('docs/architecture.md follows a keystroke', () => {
  const section = /## A keystroke, file by file\n([\s\S]*?)\n## /.exec(read('docs/architecture.md'))?.[1] ?? '';
  const tables = section.split('The output of the shell takes').map((text) => ({ text, steps: stepsOf(text) }));

  it('through functions that its files declare', () => {
    const steps = tables.flatMap((table) => table.steps);
    expect(steps.length).toBeGreaterThan(60);
    // Nothing of the section is a link that this test does not look at.
    const linked = [...section.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file);
    expect(new Set(steps.map(({ file }) => file))).toEqual(new Set(linked));
    expect(steps.filter(({ file, name }) => !declares(read(file), name))).toEqual([]);
  });

  it('in the order of the calls, and counts its files', () => {
    expect(tables).toHaveLength(2);
    for (const { text, steps } of tables) {
      expect(uncalled(steps)).toEqual([]);
      expect(text).toContain(`${new Set(steps.map(({ file }) => file)).size} files`);
    }
  });

  it('and a step that is left out or out of order is noticed', () => {
    const steps = tables[0]?.steps ?? [];
    const without = (name: string) => uncalled(steps.filter((step) => step.name !== name));
    expect(without('Connection.send').map(({ name }) => name)).toEqual(['encodeUp']);
    expect(uncalled(steps.toReversed()).length).toBeGreaterThan(10);
  });
});

it('every function that a page names behind the link to its file is declared there', () => {
  const named = filesOf('*.md').flatMap((page) =>
    [...read(page).matchAll(/\[`[^`]+`\]\(([^)\s#]+\.tsx?)\)((?:,? `[^`]+`)+)/g)].flatMap(
      ([, target = '', names = '']) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({
          file: normalize(join(dirname(page), target)),
          name,
        })),
    ),
  );
  expect(named.length).toBeGreaterThan(100);
  expect(named.filter(({ file, name }) => !declares(read(file), name))).toEqual([]);
});

it('a function that is renamed is noticed', () => {
  const source = 'export class Pty {\n  write(bytes: Uint8Array): number {\n';
  expect(declares(source, 'Pty.write')).toBe(true);
  for (const name of ['Pty.put', 'Terminal.write', 'write']) expect(declares(source, name)).toBe(false);
});
