import { createHash } from 'node:crypto';
import { errorCatalog } from '@webxterm/contracts/errors';
import { allRoutes, type Route, type RouteOwner } from '@webxterm/contracts/rest';
import { z } from 'zod';
import { codesOf } from './document.ts';

const style = `
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a3f4b); --dim: light-dark(#555d6b, #a6adbb); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 60rem; }
h2 { margin-top: 2.5rem; } h3 { font: 600 1rem ui-monospace, monospace; margin: 0; overflow-wrap: anywhere; }
article { border-top: 1px solid var(--line); padding: 1rem 0; } p { margin: .4rem 0; } .dim { color: var(--dim); }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .75rem; font-size: .85rem; }
ul { margin: .4rem 0; padding-left: 1.2rem; } nav a { margin-right: 1rem; }
`;

/** The page loads and runs nothing. The policy allows its one inline style by its hash. */
export const docsPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (mark) => escapes[mark] ?? mark);

const groups: readonly (readonly [RouteOwner, string])[] = [
  ['auth', 'Accounts and sign-ins'],
  ['agent-hub', 'Machines'],
  ['terminal', 'Terminals and their sessions'],
  ['gateway', 'API documents, health and discovery'],
];

const callers: Record<Route['access'], string> = {
  public: 'Needs no token.',
  user: 'Needs a Bearer token.',
  admin: 'Needs the Bearer token of an administrator.',
  cookie: 'For the web UI: needs its Origin, and a Bearer token or its cookie.',
};

const schemaOf = (title: string, schema: z.ZodType | undefined, io: 'input' | 'output'): string => {
  if (schema === undefined) return '';
  const { $schema: _version, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const text = JSON.stringify(rest, null, 2);
  return `<details><summary>${title}</summary><pre>${escaped(text)}</pre></details>`;
};

const errorsOf = (route: Route): string => {
  const lines = [...new Set(codesOf(route))]
    .toSorted((a, b) => errorCatalog[a].status - errorCatalog[b].status)
    .map((code) => `<li><code>${errorCatalog[code].status} ${code}</code> ${escaped(errorCatalog[code].message)}</li>`);
  return `<details><summary>Errors</summary><ul>${lines.join('')}</ul></details>`;
};

const article = (route: Route): string => {
  const { status, stream, schema } = route.success;
  const answer = stream ?? (schema === undefined ? 'no body' : 'application/json');
  return [
    `<article id="${route.id}">`,
    `<h3>${route.method.toUpperCase()} ${escaped(route.path)}</h3>`,
    `<p>${escaped(route.summary)}</p>`,
    route.description === undefined ? '' : `<p>${escaped(route.description)}</p>`,
    `<p class="dim">${callers[route.access]} Answers ${status}, ${escaped(answer)}.</p>`,
    schemaOf('Path', route.params, 'input'),
    schemaOf('Query', route.query, 'input'),
    schemaOf('Body', route.body, 'input'),
    schemaOf('Answer', schema, 'output'),
    errorsOf(route),
    '</article>',
  ].join('');
};

/** The API reference as one static HTML page, made from the same declarations as the OpenAPI document. */
export const docsPage = (version: string): string =>
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>WebXTerm API</title>',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<style>${style}</style></head><body><h1>WebXTerm API</h1>`,
    `<p class="dim">Version ${escaped(version)}. For programs: <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>`,
    '<p>Errors are <code>{error, code, request_id}</code>; <code>code</code> is stable. 429 and 503 come with Retry-After. ',
    "A terminal is a WebSocket at <code>/api/terminal/:agent_id/ws</code>: the project's docs/protocol.md has its frames.</p>",
    `<nav>${groups.map(([owner, title]) => `<a href="#${owner}">${title}</a>`).join(' ')}</nav>`,
    ...groups.map(([owner, title]) => {
      const routes = allRoutes.filter((route) => route.owner === owner);
      return `<h2 id="${owner}">${title}</h2>${routes.map(article).join('')}`;
    }),
    '</body></html>',
  ].join('');
