import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { AppError } from '@webxterm/shared';
import express, { type RequestHandler, type Response } from 'express';
import { pageSecurity } from '../web-ui/security-headers.ts';
import { answerErrors, onlyReading } from '../web-ui/static-app.ts';

export interface AgentFilesOptions {
  /** What the packaging command published; undefined or missing: there is no package here. */
  readonly dir: string | undefined;
  readonly publicUrl: string;
}

/** Of a release, in the folder and below /agent/; install.sh is asked for at the root. */
const manifests = ['/agent/manifest.json', '/agent/manifest.json.sig'];
const archive = /^\/agent\/files\/[0-9a-f]{64}\/[0-9A-Za-z.+_-]{1,120}\.tar\.gz$/;
const wanted = /^\/agent\/wanted\/(linux-x64|linux-arm64)$/;

const types: Readonly<Record<string, string>> = {
  sh: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
  sig: 'application/octet-stream',
  gz: 'application/gzip',
};

/** Whether a path is one of those by which machines install their agent. */
export const isAgentFile = (path: string): boolean => path === '/install.sh' || path.startsWith('/agent/');

/** Install script, manifest and archives of the agent: files as they were published, never a word of the request. */
export const agentFiles = ({ dir, publicUrl }: AgentFilesOptions) => {
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(pageSecurity(publicUrl, []), onlyReading);
  if (dir !== undefined) {
    const files = express.static(dir, {
      index: false,
      redirect: false,
      setHeaders: (response: Response, path) => {
        response.setHeader('content-type', types[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
        // A path with a hash stays what it is; the others are asked for anew each time.
        const hashed = archive.test(response.req.originalUrl);
        response.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
    app.use(onlyPublished, want(dir), withoutPrefix, files, notYet);
  }
  app.use((_request, _response, next) => next(new AppError('not_found')));
  app.use(answerErrors);
  return (request: IncomingMessage, response: ServerResponse): void => void app(request, response);
};

const onlyPublished: RequestHandler = (request, _response, next) => {
  const { path } = request;
  const known = path === '/install.sh' || manifests.includes(path) || archive.test(path) || wanted.test(path);
  next(known ? undefined : new AppError('not_found'));
};

/**
 * A machine of a kind that there is no package for yet: a file with the platform's name asks the packaging command for it. Where
 * the folder takes no such files (images, which hold both packages) there is nobody to ask.
 */
const want =
  (dir: string): RequestHandler =>
  async (request, response, next) => {
    const [, platform] = wanted.exec(request.path) ?? [];
    if (platform === undefined) return next();
    if (!existsSync(join(dir, 'wanted'))) return next(new AppError('not_found'));
    await (await open(join(dir, 'wanted', platform), 'a')).close();
    response.status(202).set({ 'cache-control': 'no-store', 'retry-after': '5' }).json({ platform, wanted: true });
  };

const withoutPrefix: RequestHandler = (request, _response, next) => {
  request.url = request.url.replace(/^\/agent\//, '/');
  next();
};

/** Written by the packaging command, which may be at it. */
const notYet: RequestHandler = (request, response, next) => {
  if (archive.test(request.originalUrl)) return next();
  response
    .status(503)
    .set({ 'cache-control': 'no-store', 'retry-after': '5' })
    .type('text/plain')
    .send('The package of the agent is being built. Try again in a minute.\n');
};
