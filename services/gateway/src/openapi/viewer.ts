import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '@webxterm/shared';
import express from 'express';
import { CompressedFiles } from '../web-ui/compressed.ts';
import { apiSecurity } from '../web-ui/security-headers.ts';
import { answerErrors, onlyReading } from '../web-ui/static-app.ts';

/** Only scripts and styles of this server. Swagger UI sets inline styles at run time, and its style sheet has pictures as data URLs. */
export const viewerPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const prefix = '/api-docs/';

/** The page of GET /api/docs: Swagger UI on /api/openapi.json. */
export const viewerPage = [
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>WebXTerm API</title>',
  '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">',
  `<link rel="stylesheet" href="${prefix}swagger-ui.css"></head><body><div id="api"></div>`,
  `<script src="${prefix}swagger-ui-bundle.js"></script><script src="${prefix}start.js"></script></body></html>`,
].join('\n');

// `validatorUrl: null`: nothing is sent to the validator of swagger.io.
const start = "SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });\n";

const fromPackage = ['swagger-ui-bundle.js', 'swagger-ui.css'];

/** Whether the path is a file of the viewer. */
export const isViewerFile = (path: string): boolean => path.startsWith(prefix);

/** Serves the two files of swagger-ui-dist that the page needs, and the script that starts it. */
export const viewerFiles = (publicUrl: string) => {
  const folder = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js')));
  const compressed = new CompressedFiles(folder);
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('etag', false);
  app.use(apiSecurity(publicUrl), onlyReading);
  app.get(`${prefix}start.js`, (_request, response) => {
    response.set({ 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'no-cache' }).send(start);
  });
  for (const name of fromPackage)
    app.get(`${prefix}${name}`, async (request, response) => {
      response.set('cache-control', 'no-cache').vary('accept-encoding');
      const found = await compressed.find(name, String(request.headers['accept-encoding'] ?? ''));
      if (found === undefined) return response.sendFile(name, { root: folder, cacheControl: false });
      response.set({
        'content-type': found.type,
        'content-encoding': found.encoding,
        'content-length': String(found.body.length),
        etag: `"${found.encoding}-${found.body.length.toString(36)}-${Math.floor(found.mtimeMs).toString(36)}"`,
      });
      if (request.fresh) response.status(304).removeHeader('content-length');
      response.end(request.fresh || request.method === 'HEAD' ? undefined : found.body);
    });
  app.use((_request, _response, next) => next(new AppError('not_found')));
  app.use(answerErrors);
  return (request: IncomingMessage, response: ServerResponse): void => void app(request, response);
};
