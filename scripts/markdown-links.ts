import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));

export const filesOf = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '' && existsSync(root + file));

export const read = (file: string): string => readFileSync(root + file, 'utf8');

/** Code blocks hold no links, and `#` begins a comment there. */
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** The anchor that GitHub gives to a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [...withoutCode(read(page)).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

export interface Link {
  readonly page: string;
  readonly target: string;
}

/** Every link of the pages to another place in the project. */
export const relativeLinks = (pages: readonly string[]): Link[] =>
  pages.flatMap((page) =>
    [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => ({ page, target }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );

/** Whether the file of a link exists, and has the heading that its anchor names. */
export const leadsSomewhere = ({ page, target }: Link): boolean => {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(root + file)) return false;
  if (anchor === undefined) return true;
  return statSync(root + file).isFile() && anchorsOf(file).includes(anchor);
};

/** Whether a source declares `name`: an export, or `Class.method` of an exported class. */
export const declares = (source: string, name: string): boolean => {
  const [top = '', method] = name.split('.');
  if (!new RegExp(`^export (?:const|class|function|async function) ${top}\\b`, 'm').test(source)) return false;
  return method === undefined || new RegExp(`^  (?:async )?${method}\\(`, 'm').test(source);
};
