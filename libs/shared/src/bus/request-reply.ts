import { randomBytes, randomUUID } from 'node:crypto';
import { headers, type Msg, type NatsConnection, RequestError, TimeoutError } from '@nats-io/transport-node';
import { type BusRequest, Envelope, ReplyEnvelope, replySubject } from '@webxterm/contracts/bus';
import { parseJson } from '@webxterm/contracts/json';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import { toAppError } from '../http/error-body.ts';
import { requestScope } from '../http/request-scope.ts';
import type { Logger } from '../log/logger.ts';
import { childSpan, continueTrace, inSpan, type Span } from '../tracing/trace.ts';
import { measured, subjectLabel } from './bus-metrics.ts';

/**
 * Sends a request and waits for the reply, at most until the request's deadline.
 * @throws AppError with the replier's code; `unavailable` without a reply in time
 */
export const ask = <Q extends z.ZodType, A extends z.ZodType>(
  bus: Pick<NatsConnection, 'request'>,
  request: BusRequest<Q, A>,
  body: z.input<Q>,
  requestId: string = requestScope()?.requestId ?? randomUUID(),
): Promise<z.output<A>> =>
  measured(request.subject, 'ask', codeOf, async () => {
    const payload = JSON.stringify({ v: 1, request_id: requestId, body });
    const span = childSpan({ name: `ask ${subjectLabel(request.subject)}`, role: 'client' });
    const reply = await within(span, () => send(bus, request, payload, span?.traceparent));
    const envelope = ReplyEnvelope.parse(reply.json());
    if (!envelope.ok) throw new AppError(envelope.error.code, envelope.error.message);
    return request.reply.parse(envelope.value);
  });

const codeOf = (error: unknown): string => toAppError(error).code;

/** Runs `work` in the span, and ends it. */
const within = async <T>(span: Span | undefined, work: () => Promise<T>): Promise<T> => {
  if (span === undefined) return work();
  try {
    const value = await inSpan(span, work);
    span.end();
    return value;
  } catch (error) {
    span.end({}, codeOf(error));
    throw error;
  }
};

const traceHeader = 'traceparent';

const send = async (
  bus: Pick<NatsConnection, 'request'>,
  request: BusRequest,
  payload: string,
  traceparent: string | undefined,
): Promise<Msg> => {
  try {
    // Does not use the client's own inbox, because its names are predictable and messages of watched buckets arrive there too.
    const reply = replySubject(request.subject, randomBytes(16).toString('hex'));
    const options = { timeout: request.deadlineMs, noMux: true, reply };
    if (traceparent === undefined) return await bus.request(request.subject, payload, options);
    const traced = headers();
    traced.set(traceHeader, traceparent);
    return await bus.request(request.subject, payload, { ...options, headers: traced });
  } catch (error) {
    const nobody = error instanceof RequestError && error.isNoResponders();
    const reason = nobody
      ? 'no service responds'
      : error instanceof TimeoutError
        ? 'no reply in time'
        : 'NATS is unavailable';
    throw new AppError('unavailable', `${request.subject}: ${reason}. Try again shortly.`, { cause: error });
  }
};

/** Requests of one kind that a process handles at once. Above this the reply is an immediate `unavailable`. */
const maxConcurrent = 256;

/**
 * Serves requests as a member of the queue group. Each request is parsed and always gets a reply: the value, or the code of the error
 * (`unavailable` while the database is unavailable, `internal` for an error without a code, which is logged).
 */
export const answer = <Q extends z.ZodType, A extends z.ZodType>(
  bus: NatsConnection,
  request: BusRequest<Q, A>,
  logger: Logger,
  handler: (body: z.output<Q>, requestId: string) => Promise<z.input<A>>,
): void => {
  let running = 0;
  // This service may publish on subjects on which the requester may not. A reply sent there would be taken for an entry or an event.
  const mayAnswer = ({ subject, reply }: Msg): boolean => reply?.startsWith(replySubject(subject, '')) ?? false;
  const handle = async (message: Msg): Promise<void> => {
    if (!mayAnswer(message))
      return logger.error({ subject: message.subject }, 'a bus request names a foreign reply subject');
    if (running >= maxConcurrent) {
      message.respond(failure(new AppError('unavailable')));
      return;
    }
    running += 1;
    try {
      message.respond(
        JSON.stringify({
          v: 1,
          ok: true,
          value: await measured(request.subject, 'answer', codeOf, () => run(message)),
        }),
      );
    } catch (error) {
      const known = toAppError(error);
      if (known.code === 'internal') logger.error({ err: error, subject: request.subject }, 'a bus request failed');
      message.respond(failure(known));
    } finally {
      running -= 1;
    }
  };
  const run = async (message: Msg): Promise<z.input<A>> => {
    const envelope = Envelope.safeParse(parseJson(message.string()));
    const body = request.request.safeParse(envelope.data?.body);
    if (!envelope.success || !body.success)
      throw new AppError('invalid_input', `${request.subject}: the request does not match its schema.`);
    logger.debug({ request_id: envelope.data.request_id, subject: request.subject }, 'answering a bus request');
    const { request_id } = envelope.data;
    const span = continueTrace(message.headers?.get(traceHeader), {
      name: `answer ${subjectLabel(request.subject)}`,
      role: 'server',
      attributes: { 'webxterm.request_id': request_id },
    });
    return within(span, () => handler(body.data, request_id));
  };
  bus.subscribe(request.subject, {
    queue: request.queue,
    callback: (error, message) => {
      if (error) logger.error({ err: error, subject: request.subject }, 'subscription failed');
      else void handle(message);
    },
  });
};

const failure = (error: AppError): string =>
  JSON.stringify({ v: 1, ok: false, error: { code: error.code, message: error.message } });
