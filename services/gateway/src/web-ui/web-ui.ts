import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { isUiPage } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import express, { type RequestHandler, type Response } from 'express';
import { CompressedFiles } from './compressed.ts';
import { pageSecurity } from './security-headers.ts';
import { answerErrors, onlyReading } from './static-app.ts';

export interface WebUiOptions {
  /** The folder of the built UI. If undefined or missing, a page explains how to build it. */
  readonly dir: string | undefined;
  readonly publicUrl: string;
  readonly origins: Iterable<string>;
}

const immutable = 'public, max-age=31536000, immutable';
// Vite writes its content-hashed files here.
const isHashed = (path: string): boolean => path.startsWith('/assets/');
const cacheControl = (path: string): string => (isHashed(path) ? immutable : 'no-cache');

/** Serves the web UI: its files, and its index for each of its pages, since the UI has its own router. Any other path is 404. */
export const webUi = (options: WebUiOptions): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('etag', false);
  app.use(pageSecurity(options.publicUrl, options.origins), onlyReading);
  if (options.dir === undefined || !existsSync(join(options.dir, 'index.html'))) app.use(notBuilt);
  else {
    const files = express.static(options.dir, {
      index: false,
      redirect: false,
      dotfiles: 'ignore',
      setHeaders: (response: Response) => {
        response.setHeader('cache-control', cacheControl(response.req.path));
        response.vary('accept-encoding');
      },
    });
    app.use(pageToIndex(options.dir), compressed(new CompressedFiles(options.dir)), files);
    app.use((_request, _response, next) => next(new AppError('not_found')));
  }
  app.use(answerErrors);
  return app;
};

/** A browser that requests an unknown path gets the UI with status 404, and the UI shows that. */
const pageToIndex =
  (dir: string): RequestHandler =>
  (request, response, next) => {
    const { path } = request;
    if (path.includes('/.')) return next(new AppError('not_found'));
    if (isUiPage(path)) request.url = '/index.html';
    else if (!isHashed(path) && extname(path) === '') {
      if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return next(new AppError('not_found'));
      const asIs = { root: dir, acceptRanges: false, cacheControl: false, etag: false, lastModified: false };
      response.status(404).setHeader('cache-control', 'no-store');
      return response.sendFile('index.html', asIs);
    }
    next();
  };

const compressed =
  (files: CompressedFiles): RequestHandler =>
  async (request, response, next) => {
    if (request.headers.range !== undefined) return next();
    const found = await files.find(request.path, String(request.headers['accept-encoding'] ?? ''));
    if (found === undefined) return next();
    response.set({
      'content-type': found.type,
      'content-encoding': found.encoding,
      'cache-control': cacheControl(request.path),
      etag: `"${found.encoding}-${Math.floor(found.mtimeMs).toString(36)}-${found.body.length.toString(36)}"`,
    });
    response.vary('accept-encoding');
    if (request.fresh) response.status(304).removeHeader('content-length');
    response.end(request.fresh || request.method === 'HEAD' ? undefined : found.body);
  };

const notBuilt: RequestHandler = (_request, response) => {
  response
    .status(503)
    .set({ 'cache-control': 'no-store', 'retry-after': '10' })
    .type('text/plain')
    .send(
      'WebXTerm is running, but its web UI is not built.\n\n' +
        'Build it with:  npm run build -w @webxterm/web\n' +
        'then start again. The API answers already: /api/health\n',
    );
};
