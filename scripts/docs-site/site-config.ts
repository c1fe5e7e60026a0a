import { readFileSync } from 'node:fs';

// The configuration of VitePress: main.ts puts it beside the pages, with site.json.

const site: { readonly base: string; readonly sidebar: readonly object[] } = JSON.parse(
  readFileSync(new URL('site.json', import.meta.url), 'utf8'),
);

export default {
  title: 'WebXTerm',
  description: 'A self-hosted web terminal to a fleet of machines',
  base: site.base,
  outDir: '../site',
  cleanUrls: false,
  // Otherwise each page would depend on the clock.
  lastUpdated: false,
  ignoreDeadLinks: false,
  markdown: {
    // Text in angle brackets is text.
    html: false,
    // The anchors of the links in the project: those of GitHub.
    anchor: {
      slugify: (heading: string): string =>
        heading
          .trim()
          .toLowerCase()
          .replace(/[^\p{L}\p{N}_ -]/gu, '')
          .replaceAll(' ', '-'),
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    sidebar: site.sidebar,
    outline: [2, 3],
  },
};
