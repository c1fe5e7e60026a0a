// npm run docs:site. Builds a site with a search from docs/. It fails for a link that leads nowhere.
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { exitForUsage, exitWithHelp, parseCommandLine, UsageError } from '@webxterm/shared/command-line';
import { leadsSomewhere, read, relativeLinks, root } from '../markdown-links.ts';
import { groups, siteFiles, sitePage, titles } from './site-pages.ts';
import { installVitepress, toolFolder, vitepressModule } from './vitepress.ts';

const usage = `Usage: npm run docs:site -- [--base /PATH/] [--sources URL]

Builds the site of docs/ in node_modules/.cache/docs-site/site: plain files for any web server. Nothing is fetched by its pages.

Options:
  --base /PATH/   the path under which the site is served (/)
  --sources URL   where links to sources lead, such as https://git.example.org/webxterm/blob/main; without it they are text
  -h, --help      show this text and do nothing

Settings, from the environment: none

Examples:
  npm run docs:site
  npm run docs:site -- --base /docs/ --sources https://git.example.org/webxterm/blob/main`;

const readArguments = () => {
  try {
    const options = { base: { type: 'string', default: '/' }, sources: { type: 'string' } } as const;
    const { values } = parseCommandLine(process.argv.slice(2), { options, positionals: 0 });
    if (values.help) return exitWithHelp(usage);
    const { base, sources } = values;
    if (!/^\/(.*\/)?$/.test(base)) throw new UsageError(`--base must begin and end with /, not '${base}'`);
    return { base, sources: sources?.replace(/\/+$/, '') };
  } catch (error) {
    return exitForUsage(error, usage);
  }
};

const pagesFolder = join(toolFolder, 'pages');

const titleOf = (file: string): string =>
  titles[file] ?? /^# (.+)$/m.exec(read(file))?.[1]?.replaceAll('`', '') ?? file;

const sidebarOf = (files: ReadonlyMap<string, string>): object[] => {
  const byPlace = new Map([...files].map(([file, place]) => [place, file]));
  const item = (place: string) => ({ text: titleOf(byPlace.get(place) ?? ''), link: `/${place}` });
  const listed = groups.map(({ text, pages }) => ({ text, items: pages.map((page) => item(`${page}.md`)) }));
  const decisions = [...files.values()].filter((place) => place.startsWith('adr/')).sort();
  return [...listed, { text: 'Decisions', collapsed: true, items: decisions.map(item) }];
};

const writePages = (base: string, sources: string | undefined): void => {
  rmSync(pagesFolder, { recursive: true, force: true });
  const files = siteFiles();
  for (const [file, place] of files) {
    // VitePress copies the files of `public` as they are.
    const page = place.endsWith('.md');
    const target = join(pagesFolder, page ? '' : 'public', place);
    mkdirSync(dirname(target), { recursive: true });
    if (page) writeFileSync(target, sitePage(file, read(file), files, sources));
    else copyFileSync(join(root, file), target);
  }
  const config = join(pagesFolder, '.vitepress');
  mkdirSync(config, { recursive: true });
  copyFileSync(join(import.meta.dirname, 'site-config.ts'), join(config, 'config.ts'));
  writeFileSync(join(config, 'site.json'), JSON.stringify({ base, sidebar: sidebarOf(files) }));
};

interface Vitepress {
  build(folder: string): Promise<void>;
}

const { base, sources } = readArguments();
if (!installVitepress()) process.exitCode = 1;
else {
  writePages(base, sources);
  // VitePress looks at its own pages only, and not at their headings.
  const pages = [...siteFiles().keys()].filter((file) => file.endsWith('.md'));
  const dead = relativeLinks(pages)
    .filter((link) => !leadsSomewhere(link))
    .map(({ page, target }) => `  ${page}: ${target}`);
  const { build }: Vitepress = await import(vitepressModule);
  try {
    if (dead.length > 0) throw new Error(`links lead nowhere:\n${dead.join('\n')}`);
    await build(pagesFolder);
    const site = join(toolFolder, 'site');
    const built = readdirSync(site, { recursive: true }).filter((file) => String(file).endsWith('.html')).length;
    process.stdout.write(`${built} pages in ${relative(process.cwd(), site)}\n`);
  } catch (error) {
    process.stderr.write(`The site could not be built: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
