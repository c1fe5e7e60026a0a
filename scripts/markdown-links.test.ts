import { expect, it } from 'vitest';
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

it('docs/architecture.md follows a keystroke through functions that its files declare', () => {
  const section = /## A keystroke, file by file\n([\s\S]*?)\n## /.exec(read('docs/architecture.md'))?.[1] ?? '';
  const steps = [...section.matchAll(/\[`([^`]+)`\]\(\.\.\/([^)]+)\)((?:,? `[^`]+`)+)/g)];
  const named = steps.flatMap(([, label = '', file = '', names = '']) => {
    expect(file.endsWith(`/${label}`), `${label} is the name of ${file}`).toBe(true);
    return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ file, name }));
  });
  expect(named.length).toBeGreaterThan(25);
  // Nothing of the section is a link that this test does not look at.
  expect(steps.length).toBe([...section.matchAll(/\]\(\.\.\//g)].length);
  expect(named.filter(({ file, name }) => !declares(read(file), name))).toEqual([]);
});

it('a function that is renamed is noticed', () => {
  const source = 'export class Pty {\n  write(bytes: Uint8Array): number {\n';
  expect(declares(source, 'Pty.write')).toBe(true);
  for (const name of ['Pty.put', 'Terminal.write', 'write']) expect(declares(source, name)).toBe(false);
});
