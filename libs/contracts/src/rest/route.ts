import { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

/** The service that handles the route. The gateway forwards by it, and OpenAPI groups by it. */
export type RouteOwner = 'auth' | 'agent-hub' | 'terminal' | 'gateway';

/** Required credentials: `public` none, `user` a signed-in user, `admin` the admin role, `cookie` the browser's cookie. */
export type RouteAccess = 'public' | 'user' | 'admin' | 'cookie';

export type RouteMethod = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * The only declaration of a REST route. The service's validation, the gateway's forwarding and OpenAPI use it. `path` is Express-like
 * (`/api/machines/:agent_id`). `errors` are the codes beyond those that the rest of the declaration implies (`errorCodesOf` in
 * error-codes.ts): codes of every request, of a body, of parameters, of the access.
 */
export interface Route {
  readonly id: string;
  readonly owner: RouteOwner;
  readonly method: RouteMethod;
  readonly path: `/api/${string}` | '/.well-known/webxterm';
  readonly access: RouteAccess;
  /** Whether a signed-in user who must set up a second factor first may call it. */
  readonly beforeEnrolment?: true;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The body is the bytes of a file, of any length. The handler reads it from the request. */
  readonly upload?: true;
  /** The answer may take as long as the client waits, such as for the copy of a large folder on a machine. */
  readonly slow?: true;
  /** Headers that the route reads, beside those of every request. */
  readonly headers?: z.ZodObject;
  /** The success response: its status and, except for 204, its schema. `stream` names a content type other than JSON. */
  readonly success: {
    readonly status: 200 | 201 | 202 | 204;
    readonly schema?: z.ZodType;
    readonly stream?: string;
    /** The response has an ETag, and is 206 with a part of the content for a request with Range. */
    readonly ranges?: true;
    /** The data of each server-sent event, by the name of the event. */
    readonly events?: Readonly<Record<string, z.ZodType>>;
  };
  readonly errors?: readonly ErrorCode[];
}

export const defineRoute = <const R extends Route>(route: R): R => route;

/** The parsed parts of a request to route R. */
export type RouteInput<R extends Route> = {
  params: R['params'] extends z.ZodType ? z.output<R['params']> : Record<never, never>;
  query: R['query'] extends z.ZodType ? z.output<R['query']> : Record<never, never>;
  body: R['body'] extends z.ZodType ? z.output<R['body']> : undefined;
};

/** Return value of a handler of route R. Validated in tests, typed always. */
export type RouteOutput<R extends Route> = R['success']['schema'] extends z.ZodType
  ? z.input<R['success']['schema']>
  : undefined;

/** Result of route R for a client. */
export type RouteResult<R extends Route> = R['success']['schema'] extends z.ZodType
  ? z.output<R['success']['schema']>
  : undefined;

/** The options with which a browser uses a passkey. */
export const PasskeyRequest = z.object({
  challenge: z.string(),
  rpId: z.string().optional(),
  timeout: z.number().optional(),
  userVerification: z.enum(['required', 'preferred', 'discouraged']).optional(),
  allowCredentials: z
    .array(z.object({ id: z.string(), type: z.literal('public-key'), transports: z.array(z.string()).optional() }))
    .optional(),
});
export type PasskeyRequest = z.infer<typeof PasskeyRequest>;

/** The second step of a sign-in, with second_factor_required. */
export const SecondFactorChallenge = z
  .object({
    challenge: z.string().meta({ description: 'For POST /api/login/second-factor.' }),
    methods: z.array(z.string()).meta({ description: 'Such as `totp`, `passkey` and `recovery_code`.' }),
    expires_in: z.number().int().meta({ description: 'Seconds.' }),
    passkey: PasskeyRequest.optional().meta({
      description: 'PublicKeyCredentialRequestOptionsJSON, for POST /api/login/second-factor/passkey.',
    }),
  })
  .meta({ id: 'SecondFactorChallenge' });
export type SecondFactorChallenge = z.infer<typeof SecondFactorChallenge>;

/** Body of every error response. `error` is for a person, `code` is stable for programs. */
export const ErrorBody = z
  .object({
    error: z.string().meta({
      description: 'For a person: what happened and what to do.',
      example: 'No machine by that id, or you have no access to it.',
    }),
    code: z.string().meta({ description: 'Stable, for programs.', example: 'machine_not_found' }),
    request_id: z.string().meta({
      description: 'Names this request in every log of the cluster.',
      example: '9f1c2b7a-2d0c-4d57-8a53-0d7b5a2f4c11',
    }),
    details: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With invalid_input: each field that is wrong.' }),
    second_factor: SecondFactorChallenge.optional().meta({ description: 'With second_factor_required.' }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof ErrorBody>;

/** Part of a name to search for. MongoDB accepts no NUL in a pattern. */
export const searchText = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .refine((text) => !text.includes('\0'), 'must have no NUL character');

/** `?page=&limit=`, or `?cursor=&limit=`. The first page is 1. */
export const PageQuery = z.strictObject({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1).meta({ description: 'Ignored with a cursor.' }),
  cursor: z
    .string()
    .max(4096)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be a next_cursor of this list')
    .optional()
    .meta({
      description:
        '`next_cursor` of the answer before, to a request with the same filters: the items behind it, of which none is left out when items before it come or go.',
    }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** Fields of every list response beside its items. */
export const pageFields = {
  total: z.number().int(),
  page: z.number().int(),
  limit: z.number().int(),
  total_pages: z.number().int(),
  /** Missing in a response of an older version of the service. */
  next_cursor: z.string().nullable().default(null).meta({
    description:
      '`cursor` of the next request; null on the last page. Pages by number repeat or leave out items when the list changes.',
  }),
};
