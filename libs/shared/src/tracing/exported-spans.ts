import {
  type Attributes,
  type Context,
  type DiagLogger,
  DiagLogLevel,
  diag,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from '../log/logger.ts';
import type { TracingSettings } from './settings.ts';
import type { AgentWork, Span, SpanAttributes, SpanStart, Tracer } from './trace.ts';

// Only `startTracing` loads this module, where tracing is on: it takes 60 ms and 7 MB.

export interface ExportOptions {
  readonly url: string;
  readonly settings: Partial<TracingSettings>;
  readonly serviceName: string;
  readonly version: string;
  readonly instance: string | undefined;
  readonly logger: Logger;
}

/** Spans that wait for the collector. Above it, new ones are dropped. */
const maxQueued = 2048;
/** A collector that does not answer is named once in this time. */
const warnEveryMs = 60_000;

const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER } as const;

/** Spans that are sent to a collector in batches, without waiting for it. */
export class ExportedSpans implements Tracer {
  readonly #processor: BatchSpanProcessor;
  readonly #own: OtelTracer;
  readonly #agents: OtelTracer;

  constructor({ url, settings, serviceName, version, instance, logger }: ExportOptions) {
    diag.setLogger(warnings(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    const headers = settings.OTEL_EXPORTER_OTLP_HEADERS ?? {};
    this.#processor = new BatchSpanProcessor({
      exporter: new OTLPTraceExporter({ url, headers: { ...headers } }),
      maxQueueSize: maxQueued,
      ...(settings.OTEL_BSP_SCHEDULE_DELAY === undefined
        ? {}
        : { scheduledDelayMillis: settings.OTEL_BSP_SCHEDULE_DELAY }),
    });
    const provider = (attributes: Attributes): OtelTracer =>
      new TracerProvider({
        sampler: samplerOf(settings),
        resource: defaultResource().merge(
          resourceFromAttributes({ ...settings.OTEL_RESOURCE_ATTRIBUTES, ...attributes }),
        ),
        spanProcessors: [this.#processor],
      }).getTracer('webxterm', version);
    this.#own = provider({
      'service.name': serviceName,
      'service.version': version,
      ...(instance === undefined ? {} : { 'service.instance.id': instance }),
    });
    this.#agents = provider({ 'service.name': 'vsay-agent' });
  }

  start({ name, role, parent, attributes = {} }: SpanStart): Span | undefined {
    const span = this.#own.startSpan(name, { kind: kinds[role], attributes }, contextOf(parent));
    return span.isRecording() ? new ExportedSpan(span) : undefined;
  }

  agentWork({ name, parent, startedAt, endedAt }: AgentWork): void {
    const options = { kind: SpanKind.SERVER, startTime: startedAt };
    this.#agents.startSpan(name, options, contextOf(parent)).end(endedAt);
  }

  /** Sends what is queued. */
  async close(): Promise<void> {
    await this.#processor.shutdown();
  }
}

class ExportedSpan implements Span {
  readonly #span: OtelSpan;

  constructor(span: OtelSpan) {
    this.#span = span;
  }

  get traceparent(): string | undefined {
    if (!this.#span.isRecording()) return undefined;
    const { traceId, spanId } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  }

  end(attributes: SpanAttributes = {}, error?: string): void {
    if (!this.#span.isRecording()) return;
    this.#span.setAttributes(attributes);
    if (error !== undefined) this.#span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end();
  }
}

const contextOf = (traceparent: string | undefined): Context => {
  if (traceparent === undefined) return ROOT_CONTEXT;
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
};

const samplerOf = ({
  OTEL_TRACES_SAMPLER: name,
  OTEL_TRACES_SAMPLER_ARG: share,
}: Partial<TracingSettings>): Sampler => {
  const root = name?.endsWith('always_off')
    ? new AlwaysOffSampler()
    : name?.endsWith('traceidratio')
      ? new TraceIdRatioBasedSampler(share)
      : new AlwaysOnSampler();
  return name?.startsWith('parentbased_') === false ? root : new ParentBasedSampler({ root });
};

/** The warnings of the exporter. They are about the collector, and come for each batch that it does not take. */
const warnings = (logger: Logger): DiagLogger => {
  let loggedAt = Number.NEGATIVE_INFINITY;
  const warn = (message: string): void => {
    if (performance.now() - loggedAt < warnEveryMs) return;
    loggedAt = performance.now();
    logger.warn({ reason: message.slice(0, 500) }, 'traces could not be sent to the collector');
  };
  const ignore = (): void => {};
  return { error: warn, warn, info: ignore, debug: ignore, verbose: ignore };
};
