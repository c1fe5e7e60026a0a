import { dirname, normalize } from 'node:path';
import { filesOf } from '../markdown-links.ts';

/** Pages outside of docs/, with their names on the site. */
const others: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'CONTRIBUTING.md': 'contributing.md',
  'SECURITY.md': 'reporting.md',
  'CHANGELOG.md': 'changelog.md',
};

/** The place on the site of a file of the project. Undefined: the site does not have it. */
export const placeOf = (file: string): string | undefined => {
  if (file in others) return others[file];
  if (!file.startsWith('docs/')) return undefined;
  const place = file.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md');
  // Otherwise a browser would save the text, and VitePress take it for a page.
  return /\.(md|png|json)$/.test(place) ? place : `${place}.txt`;
};

/** The files of the site, with their places. */
export const siteFiles = (): Map<string, string> =>
  new Map(
    filesOf('docs', ...Object.keys(others)).flatMap((file) => {
      const place = placeOf(file);
      return place === undefined ? [] : [[file, place]];
    }),
  );

const link = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;

/**
 * A page as the site has it. A link to another page leads to its place, one to a file of docs/ to a copy of it, and one to any other file of the
 * project to `sources`, or nowhere if that is not given.
 */
export const sitePage = (file: string, text: string, places: ReadonlyMap<string, string>, sources?: string): string => {
  const relinked = (whole: string, image: string, label: string, target: string): string => {
    if (/^[a-z]+:/.test(target)) return whole;
    // The label of a link may be a picture.
    const shown = label.replace(link, relinked);
    const [path = '', anchor] = target.split('#');
    const aim = path === '' ? file : normalize(`${dirname(file)}/${path}`).replace(/\/$/, '');
    const hash = anchor === undefined ? '' : `#${anchor}`;
    const place = places.get(aim);
    if (place !== undefined) return `${image}[${shown}](/${place}${hash})`;
    return sources === undefined ? shown : `[${shown}](${sources}/${aim})`;
  };
  return text
    .split(/^(```[\s\S]*?^```)/m)
    .map((part) => (part.startsWith('```') ? part : part.replaceAll(/<!--[\s\S]*?-->\n?/g, '').replace(link, relinked)))
    .join('');
};

interface Group {
  readonly text: string;
  readonly pages: readonly string[];
}

/** Titles in the list, for pages whose own would stand there twice. */
export const titles: Readonly<Record<string, string>> = { 'SECURITY.md': 'Reporting a vulnerability' };

/** The pages by reader, as the site lists them. */
export const groups: readonly Group[] = [
  { text: 'Start', pages: ['index', 'cli', 'files', 'forwards', 'ssh', 'runs', 'sharing', 'recordings', 'sign-in'] },
  {
    text: 'Operate',
    pages: [
      'operations',
      'settings',
      'proxies',
      'kubernetes',
      'agent',
      'limits',
      'degraded-modes',
      'security',
      'reporting',
      'releasing',
      'changelog',
    ],
  },
  { text: 'Integrate', pages: ['examples/index', 'protocol'] },
  {
    text: 'How it works',
    pages: [
      'architecture',
      'stream-core',
      'terminal-emulator',
      'benchmarks',
      'contributing',
      'ui/compared',
      'ui/words',
    ],
  },
];
