import type { Route, RouteInput } from '@webxterm/contracts/rest';
import express, { type Request, type RequestHandler } from 'express';
import type { z } from 'zod';
import { AppError } from '../errors.ts';

/** The largest JSON body. */
const maxBody = '64kb';

// A body of 64 KiB needs no compression, and a decoder would be one more parser for untrusted bytes.
const jsonBody = express.json({ limit: maxBody, strict: true, inflate: false, type: () => true });

/** Reads a JSON body: 415 for another media type, 413 and 400 from the parser. */
export const parseBody: RequestHandler = (request, response, next) => {
  if (!request.is('application/json')) return next(new AppError('unsupported_media_type'));
  jsonBody(request, response, (error: unknown) => next(error === undefined ? undefined : unreadableBody(error)));
};

/** Maps every error while reading a body to a client error. */
const unreadableBody = (error: unknown): AppError => {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') return new AppError('payload_too_large', `The request body is over ${maxBody}.`);
  if (type === 'encoding.unsupported')
    return new AppError('unsupported_media_type', 'Send the body without Content-Encoding.');
  if (type === 'charset.unsupported') return new AppError('unsupported_media_type');
  return new AppError('bad_request', 'The body is not valid JSON.', { cause: error });
};

/** The input of a route, parsed by its schemas. @throws AppError invalid_input with the invalid fields */
export const parseInput = <R extends Route>(route: R, request: Request): RouteInput<R> => {
  const details: { path: string; message: string }[] = [];
  const read = (schema: z.ZodType | undefined, value: unknown): unknown => {
    if (schema === undefined) return {};
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) details.push({ path: issuePath(issue), message: issue.message });
    return undefined;
  };
  const input = {
    params: read(route.params, request.params),
    query: read(route.query, request.query),
    body: route.body && read(route.body, request.body),
  };
  if (details.length > 0)
    throw new AppError('invalid_input', `The request is not valid: ${describe(details)}.`, { details });
  // Parsed by the same schemas from which RouteInput<R> is inferred. TypeScript cannot infer that through the loop above.
  return input as RouteInput<R>;
};

const issuePath = (issue: z.core.$ZodIssue): string =>
  [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].join('.');

const describe = (details: readonly { path: string; message: string }[]): string =>
  details
    .slice(0, 5)
    .map((detail) => (detail.path === '' ? detail.message : `${detail.path}: ${detail.message}`))
    .join('; ');
