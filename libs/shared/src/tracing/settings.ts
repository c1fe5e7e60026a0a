import { z } from 'zod';

const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http(s):// URL')
  .meta({ allowed: '`http(s)://host[:port][/path]`' });

/** `name=value` pairs with commas. Values are percent-encoded (W3C Baggage). */
const pairs = z.string().transform((text, context): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...value] = pair.split('=');
    try {
      if (name.trim() === '' || value.length === 0) throw new Error('no name');
      found[name.trim()] = decodeURIComponent(value.join('=').trim());
    } catch {
      context.addIssue('must be name=value pairs with commas, with percent-encoded values');
    }
  }
  return found;
});

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** The settings of traces, by their standard names (OpenTelemetry specification, environment variables). */
export const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional().meta({
    description:
      'The collector that receives traces, by OTLP over HTTP with protobuf at `/v1/traces` below this address. Without it there are no traces.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl
    .optional()
    .meta({ description: 'The whole address for traces, in place of `OTEL_EXPORTER_OTLP_ENDPOINT`.' }),
  OTEL_EXPORTER_OTLP_HEADERS: pairs.optional().meta({
    description: 'Headers for the collector, such as its token.',
    allowed: '`name=value` pairs with commas, percent-encoded',
  }),
  OTEL_SERVICE_NAME: z.string().max(128).optional().meta({
    description: 'The name of this service in traces.',
    allowed: 'up to 128 characters',
    standard: '`webxterm-` and the service',
  }),
  OTEL_RESOURCE_ATTRIBUTES: pairs.optional().meta({
    description: 'Further attributes of each trace, such as `deployment.environment.name=staging`.',
    allowed: '`name=value` pairs with commas, percent-encoded',
  }),
  OTEL_TRACES_SAMPLER: z
    .enum(samplers, `must be ${samplers.join(', ')}`)
    .default('parentbased_always_on')
    .describe('Which requests are traced. That of the gateway decides; the other services continue its traces.'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number('must be a number from 0 to 1')
    .min(0, 'must be a number from 0 to 1')
    .max(1, 'must be a number from 0 to 1')
    .default(1)
    .describe('The share of requests that are traced, 0 to 1, for the samplers with `traceidratio`.'),
  OTEL_BSP_SCHEDULE_DELAY: z.coerce
    .number('must be a number of ms')
    .int('must be a whole number of ms')
    .min(100, 'must be 100 or more')
    .max(60_000, 'must be 60000 or less')
    .default(5000)
    .describe('How long spans wait for others of their batch, in ms.'),
};

export type TracingSettings = z.output<z.ZodObject<typeof tracingSettings>>;

/** The address of the collector. Undefined: tracing is off. */
export const collectorUrl = (settings: Partial<TracingSettings>): string | undefined => {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = settings;
  return whole ?? (base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/traces`);
};
