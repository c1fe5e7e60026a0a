import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The attributes of a span: ids, kinds, route templates, codes and counts. Never a secret, a path, a command, or the name or address of a
 * person.
 */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** `client`: this process asks another one. `server`: it answers. */
export type SpanRole = 'client' | 'server';

export interface Span {
  /** For the next hop, as the W3C header of this name. Undefined once the span has ended, so that late work does not extend an old trace. */
  readonly traceparent: string | undefined;
  /** Ends the span. `error`: an error code. Later calls have no effect. */
  end(attributes?: SpanAttributes, error?: string): void;
}

export interface SpanStart {
  readonly name: string;
  readonly role: SpanRole;
  /** Undefined: the span begins a trace. */
  readonly parent?: string | undefined;
  readonly attributes?: SpanAttributes;
}

/** The work of a machine for a span of a hub, between two times of `Date.now()`. */
export interface AgentWork {
  readonly name: string;
  readonly parent: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Tracer {
  /** Undefined if the sampler leaves the trace out. */
  start(start: SpanStart): Span | undefined;
  /** Adds a span of an agent. */
  agentWork(work: AgentWork): void;
}

/** W3C Trace Context, version 00, sampled. A context that is not sampled does not travel between the services. */
const sampledTraceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/;

// One per process. Undefined: tracing is off, and every function below returns at once.
let tracer: Tracer | undefined;
const current = new AsyncLocalStorage<Span>();

/** Turns tracing on or off for this process. */
export const setTracer = (given: Tracer | undefined): void => {
  tracer = given;
};

/** Begins a trace. Only the gateway does, so that its sampler decides for all services. */
export const beginTrace = (name: string, attributes?: SpanAttributes): Span | undefined =>
  tracer?.start({ name, role: 'server', ...(attributes && { attributes }) });

/** Continues the trace of an earlier hop. Undefined if `traceparent` is absent or invalid. */
export const continueTrace = (
  traceparent: unknown,
  start: Pick<SpanStart, 'name' | 'role' | 'attributes'>,
): Span | undefined =>
  tracer !== undefined && typeof traceparent === 'string' && sampledTraceparent.test(traceparent)
    ? tracer.start({ ...start, parent: traceparent })
    : undefined;

/** A span below that of the running code. Undefined if it has none, or that has ended. */
export const childSpan = (start: Pick<SpanStart, 'name' | 'role' | 'attributes'>): Span | undefined =>
  tracer === undefined ? undefined : continueTrace(current.getStore()?.traceparent, start);

/** The span of the running code, for work that goes on outside of its calls. */
export const currentSpan = (): Span | undefined => (tracer === undefined ? undefined : current.getStore());

/** Runs `work` in a span. All code that it calls, at any depth, finds the span. */
export const inSpan = <T>(span: Span | undefined, work: () => T): T =>
  span === undefined ? work() : current.run(span, work);

/** Adds the work of an agent. The hub calls it, because agents do not reach the collector. */
export const addAgentWork = (work: AgentWork): void => tracer?.agentWork(work);
