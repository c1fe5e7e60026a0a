import { ErrorBody } from '@webxterm/contracts/rest';

/** One field that the server refused. `path` as in the request's body (`email`). */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** The server answered, but not what was asked for. `code` is from the error list; `status` is HTTP's. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly details: readonly FieldError[];
  /** From Retry-After; undefined when the server named no time. */
  readonly retryAfterMs: number | undefined;

  constructor(options: {
    status: number;
    code: string;
    message: string;
    requestId?: string | undefined;
    details?: readonly FieldError[] | undefined;
    retryAfterMs?: number | undefined;
  }) {
    super(options.message);
    this.status = options.status;
    this.code = options.code;
    this.requestId = options.requestId;
    this.details = options.details ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** No answer at all: the network, the server or something between them is away. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  constructor(cause: unknown) {
    super('The server cannot be reached. Check your connection; this page goes on trying.', { cause });
  }
}

/** Nobody is signed in (any more): asking again is no use before signing in. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
  constructor() {
    super('You are signed out. Sign in again.');
  }
}

/** The body as JSON, or undefined when it is none. */
export const readJson = async (response: Response): Promise<unknown> => {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
};

const retryAfter = (response: Response): number | undefined => {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
};

/** What an answer that is no success says; a proxy's HTML page becomes a sentence too. */
export const errorFrom = async (response: Response): Promise<ApiError> => {
  const body = ErrorBody.safeParse(await readJson(response));
  const retryAfterMs = retryAfter(response);
  if (body.success)
    return new ApiError({
      status: response.status,
      code: body.data.code,
      message: body.data.error,
      requestId: body.data.request_id,
      details: body.data.details,
      retryAfterMs,
    });
  return new ApiError({
    status: response.status,
    code: response.status >= 500 ? 'unavailable' : 'bad_request',
    message: `The server answered ${response.status} without saying why. Something between you and WebXTerm may be in the way.`,
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfterMs,
  });
};
