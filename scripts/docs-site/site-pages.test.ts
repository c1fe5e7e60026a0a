import { describe, expect, it } from 'vitest';
import { groups, placeOf, siteFiles, sitePage } from './site-pages.ts';

const places = new Map(
  ['README.md', 'docs/operations.md', 'docs/adr/0001-a.md', 'docs/images/a.png', 'docs/proxies/Caddyfile'].map(
    (file) => [file, placeOf(file) ?? ''],
  ),
);
const page = (text: string, sources?: string) => sitePage('docs/adr/0002-b.md', text, places, sources);

describe('a page of the site', () => {
  it('leads to other pages at their places', () => {
    expect(page('[one](0001-a.md), [two](../operations.md#traces), [start](../../README.md)')).toBe(
      '[one](/adr/0001-a.md), [two](/operations.md#traces), [start](/index.md)',
    );
    expect(page('[above](#context)')).toBe('above');
    expect(sitePage('docs/adr/0001-a.md', '[above](#context)', places)).toBe('[above](/adr/0001-a.md#context)');
  });

  it('shows files of docs/ as text, and pictures also in links', () => {
    expect(page('[`Caddyfile`](../proxies/Caddyfile)')).toBe('[`Caddyfile`](/proxies/Caddyfile.txt)');
    expect(page('[![a](../images/a.png)](../operations.md)')).toBe('[![a](/images/a.png)](/operations.md)');
  });

  it('leads to sources only where their address is known', () => {
    const text = '[`trace.ts`](../../libs/shared/src/tracing/trace.ts), [k8s](../../k8s/)';
    expect(page(text)).toBe('`trace.ts`, k8s');
    expect(page(text, 'https://git.example.org/main')).toBe(
      '[`trace.ts`](https://git.example.org/main/libs/shared/src/tracing/trace.ts), [k8s](https://git.example.org/main/k8s)',
    );
  });

  it('keeps other links and code as they are, and drops comments', () => {
    const text = '<!-- note -->\n[out](https://example.org/a.md)\n```\n[one](0001-a.md) <!-- kept -->\n```\n';
    expect(page(text)).toBe('[out](https://example.org/a.md)\n```\n[one](0001-a.md) <!-- kept -->\n```\n');
  });

  it('is in one group, but for the decisions', () => {
    const listed = groups.flatMap(({ pages }) => pages.map((name) => `${name}.md`));
    const pages = [...siteFiles().values()].filter((place) => place.endsWith('.md') && !place.startsWith('adr/'));
    expect(listed.toSorted()).toEqual(pages.toSorted());
  });
});
