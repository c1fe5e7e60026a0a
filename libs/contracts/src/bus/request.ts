import { z } from 'zod';
import { type ErrorCode, isErrorCode } from '../errors.ts';

/** A typed request-reply on the bus. `deadlineMs` is how long the asker waits. */
export interface BusRequest<Q extends z.ZodType = z.ZodType, A extends z.ZodType = z.ZodType> {
  readonly subject: string;
  /** Instances share the work under this queue group. */
  readonly queue: string;
  readonly request: Q;
  readonly reply: A;
  readonly deadlineMs: number;
}

export const defineRequest = <Q extends z.ZodType, A extends z.ZodType>(request: BusRequest<Q, A>): BusRequest<Q, A> =>
  request;

/** The envelope of every reply: a value, or an error from the list. Never silence. */
export const ReplyEnvelope = z.union([
  z.object({ v: z.literal(1), ok: z.literal(true), value: z.unknown() }),
  z.object({
    v: z.literal(1),
    ok: z.literal(false),
    error: z.object({
      code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'internal')),
      message: z.string(),
    }),
  }),
]);

/** The envelope of every request and event: unknown fields are ignored, an unknown major version is refused. */
export const Envelope = z.object({
  v: z.literal(1),
  /** The request that this belongs to, in every log. */
  request_id: z.string().max(128),
  body: z.unknown(),
});
