import { z } from 'zod';
import { type ErrorCode, isErrorCode } from '../errors.ts';

/** A typed request on the bus. `deadlineMs`: how long the requester waits for the reply. */
export interface BusRequest<Q extends z.ZodType = z.ZodType, A extends z.ZodType = z.ZodType> {
  readonly subject: string;
  /** Queue group of the instances that reply. */
  readonly queue: string;
  readonly request: Q;
  readonly reply: A;
  readonly deadlineMs: number;
}

export const defineRequest = <Q extends z.ZodType, A extends z.ZodType>(request: BusRequest<Q, A>): BusRequest<Q, A> =>
  request;

/** Envelope of every reply: a value, or an error with a code of the error list. Every request gets a reply. */
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

/** Envelope of every request and event. Unknown fields are ignored, an unknown major version is rejected. */
export const Envelope = z.object({
  v: z.literal(1),
  /** Id of the request that caused it, for the logs. */
  request_id: z.string().max(128),
  body: z.unknown(),
});
