import { ErrorBody, type SecondFactorChallenge } from '@webxterm/contracts/rest';

/** One field that the server rejected. `path` as in the request body (`email`). */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** The server responded with an error. `code` is from the error list; `status` is the HTTP status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly details: readonly FieldError[];
  /** From Retry-After. Undefined if the server sent no time. */
  readonly retryAfterMs: number | undefined;
  /** How the sign-in goes on, with second_factor_required. */
  readonly secondFactor: SecondFactorChallenge | undefined;

  constructor(options: {
    status: number;
    code: string;
    message: string;
    requestId?: string | undefined;
    details?: readonly FieldError[] | undefined;
    retryAfterMs?: number | undefined;
    secondFactor?: SecondFactorChallenge | undefined;
  }) {
    super(options.message);
    this.status = options.status;
    this.code = options.code;
    this.requestId = options.requestId;
    this.details = options.details ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.secondFactor = options.secondFactor;
  }
}

/** The server did not respond: it, the network, or a proxy is down. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  constructor(cause: unknown) {
    super('The server cannot be reached. Check your connection.', { cause });
  }
}

/** The body as JSON. Undefined if it is not JSON. */
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

/** The error of an unsuccessful response. A proxy's HTML page also becomes a readable message. */
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
      secondFactor: body.data.second_factor,
      retryAfterMs,
    });
  return new ApiError({
    status: response.status,
    code: response.status >= 500 ? 'unavailable' : 'bad_request',
    message: `The server answered ${response.status} without a reason. A proxy between you and WebXTerm may have failed. Try again.`,
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfterMs,
  });
};
