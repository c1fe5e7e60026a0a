import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { AppError } from '@webxterm/shared';
import express, { type RequestHandler, type Response } from 'express';
import { pageSecurity } from '../web-ui/security-headers.ts';
import { answerErrors, onlyReading } from '../web-ui/static-app.ts';

export interface AgentFilesOptions {
  /** The folder of the published release. Undefined or missing: the gateway serves no package. */
  readonly dir: string | undefined;
  /** The archives, by their SHA-256. Undefined: they are in `files` of the folder. */
  readonly archives: string | undefined;
  readonly publicUrl: string;
}

/** The files of a release, in the folder and below /agent/. Only install.sh is served at the root. */
const manifests = ['', 'preview/'].flatMap((channel) =>
  ['manifest.json', 'manifest.json.sig'].map((name) => `/agent/${channel}${name}`),
);
const archive = /^\/agent\/files\/[0-9a-f]{64}\/[0-9A-Za-z.+_-]{1,120}\.tar\.gz$/;
const wanted = /^\/agent\/wanted\/(linux-x64|linux-arm64)$/;

const types: Readonly<Record<string, string>> = {
  sh: 'text/plain; charset=utf-8',
  json: 'application/json; charset=utf-8',
  sig: 'application/octet-stream',
  gz: 'application/gzip',
};

/** Whether machines use this path to install their agent. */
export const isAgentFile = (path: string): boolean => path === '/install.sh' || path.startsWith('/agent/');

/** Serves install script, manifest and archives of the agent exactly as published. No part of the request appears in them. */
export const agentFiles = ({ dir, archives, publicUrl }: AgentFilesOptions) => {
  const app = express();
  app.disable('x-powered-by');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.use(pageSecurity(publicUrl, []), onlyReading);
  if (dir !== undefined) {
    const options = {
      index: false,
      redirect: false,
      setHeaders: (response: Response, path: string) => {
        response.setHeader('content-type', types[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
        // A path with a hash never changes its content. Clients must revalidate the others on each request.
        const hashed = archive.test(response.req.originalUrl);
        response.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    };
    app.use(onlyPublished, want(dir), withoutPrefix);
    if (archives !== undefined) app.use('/files', express.static(archives, options));
    app.use(express.static(dir, options), notYet);
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
 * Requests a package for a platform without one: a file with the platform's name is the request to the packaging command. If the folder
 * does not accept such files (images, which contain both packages), the answer is 404.
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

/** Answers 503 for a file that the packaging command has not written yet. */
const notYet: RequestHandler = (request, response, next) => {
  if (archive.test(request.originalUrl) || request.path.startsWith('/preview/')) return next();
  response
    .status(503)
    .set({ 'cache-control': 'no-store', 'retry-after': '5' })
    .type('text/plain')
    .send('The package of the agent is being built. Try again in a minute.\n');
};
