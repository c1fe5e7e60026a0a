import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config/config.ts';
import { createLogger } from '../log/logger.ts';
import { OtlpCollector } from '../testing/otlp-collector.ts';
import { until } from '../testing/until.ts';
import { ExportedSpans } from './exported-spans.ts';
import { collectorUrl, tracingSettings } from './settings.ts';
import { beginTrace, childSpan, continueTrace, currentSpan, inSpan, type Span, setTracer } from './trace.ts';

const read = (environment: Record<string, string> = {}) => readConfig('test', tracingSettings, environment);
const parent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const server = { name: 'work', role: 'server' } as const;

describe('while tracing is off', () => {
  it('there are no spans, and work runs as it is', () => {
    expect([beginTrace('GET'), continueTrace(parent, server), childSpan(server), currentSpan()]).toEqual(
      Array.from({ length: 4 }),
    );
    expect(inSpan(undefined, () => 1)).toBe(1);
  });

  it('no SDK and no exporter is loaded', () => {
    const entry = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
    const program = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => {
        // prom-client loads the API, to link its samples to traces.
        if (name.startsWith('@opentelemetry/') && name !== '@opentelemetry/api') throw new Error(name);
        return next(name, context);
      } });
      for (const file of [${entry('../index.ts')}, ${entry('../api.ts')}, ${entry('../bus.ts')}]) await import(file);
      const { startTracing } = await import(${entry('start-tracing.ts')});
      await startTracing('test', {}, {});
      const failed = await startTracing('test', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, {}).catch(String);
      process.stdout.write(failed);`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(output).toBe('Error: @opentelemetry/exporter-trace-otlp-proto');
  });
});

describe('spans', () => {
  const collector = new OtlpCollector();
  let spans: ExportedSpans;
  const lines: string[] = [];

  const start = async (environment: Record<string, string> = {}, url?: string): Promise<void> => {
    spans = new ExportedSpans({
      url: url ?? `${await collector.start()}/v1/traces`,
      settings: read(environment),
      serviceName: 'test',
      version: '1.2.3',
      instance: undefined,
      logger: createLogger({ service: 'test', level: 'warn' }, { write: (line) => void lines.push(line) }),
    });
    setTracer(spans);
  };

  beforeEach(() => {
    collector.spans.length = 0;
    lines.length = 0;
  });
  afterEach(() => {
    setTracer(undefined);
    collector.stop();
  });

  it('of a request are below each other, in one trace', async () => {
    await start();
    const first = beginTrace('GET /x', { 'http.route': '/x' });
    inSpan(first, () => {
      const child = childSpan({ name: 'ask', role: 'client' });
      continueTrace(child?.traceparent, { name: 'answer', role: 'server' })?.end({}, 'unavailable');
      child?.end();
    });
    first?.end({ 'http.response.status_code': 200 });
    await spans.close();
    const answer = collector.spans.find(({ name }) => name === 'answer');
    expect(answer && collector.wayTo(answer)).toEqual(['test: GET /x', 'test: ask', 'test: answer']);
    expect(answer?.attributes).toEqual({ 'error.type': 'unavailable' });
    expect(collector.spans.find(({ name }) => name === 'GET /x')?.attributes).toEqual({
      'http.route': '/x',
      'http.response.status_code': 200,
    });
  });

  it('have no child once they have ended, so that timers do not extend the trace', async () => {
    await start();
    const first = beginTrace('GET /x');
    const context = first?.traceparent;
    first?.end();
    first?.end({ 'http.response.status_code': 500 });
    expect(first?.traceparent).toBeUndefined();
    expect(inSpan(first, () => childSpan(server))).toBeUndefined();
    expect(continueTrace(context, server)).toBeDefined();
    await spans.close();
    expect(collector.spans.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
      { name: 'GET /x', attributes: {} },
    ]);
  });

  it.each([
    undefined,
    '',
    ['x'],
    'x',
    parent.replace(/01$/, '00'),
    parent.replace('00', 'ff'),
    parent.replaceAll('a', '0'),
    parent.replaceAll('b', '0'),
    `${parent}-more`,
    parent.toUpperCase(),
  ])('are not begun by the context %s', async (context) => {
    await start();
    expect(continueTrace(context, server)).toBeUndefined();
    await spans.close();
  });

  it.each([
    ['always_off', 0],
    ['parentbased_always_off', 0],
    ['parentbased_traceidratio', 0],
    ['always_on', 1],
    ['parentbased_always_on', 1],
  ])('are sampled by %s', async (sampler, count) => {
    await start({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: '0' });
    const first: Span | undefined = beginTrace('GET /x');
    expect(first === undefined ? 0 : 1).toBe(count);
    // A service continues what the gateway has begun, unless its own sampler is absolute.
    expect(continueTrace(parent, server) === undefined).toBe(sampler === 'always_off');
    await spans.close();
  });

  it('of an agent are of a service of their own, with the times that the hub computed', async () => {
    await start();
    spans.agentWork({ name: 'run', parent, startedAt: 1_800_000_000_000, endedAt: 1_800_000_000_250 });
    await spans.close();
    expect(collector.spans).toMatchObject([
      {
        service: 'vsay-agent',
        name: 'run',
        traceId: 'a'.repeat(32),
        parentId: 'b'.repeat(16),
        start: 1_800_000_000_000_000_000n,
        end: 1_800_000_000_250_000_000n,
      },
    ]);
  });

  it('wait for the collector up to their bound, and further ones are dropped', async () => {
    await start();
    for (let n = 0; n < 3000; n += 1) beginTrace(`GET /${n}`)?.end();
    await spans.close();
    // The first batch is on its way.
    expect(collector.spans).toHaveLength(2048 + 512);
  });

  it('that the collector refuses are dropped, and one line says why', async () => {
    await start({ OTEL_BSP_SCHEDULE_DELAY: '100' }, `${await collector.start()}/elsewhere`);
    beginTrace('GET /x')?.end();
    await until(() => lines.length > 0);
    beginTrace('GET /y')?.end();
    await spans.close().catch(() => undefined);
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['traces could not be sent to the collector']);
    expect(lines[0]).toContain('404');
  });
});

describe('the settings of traces', () => {
  it('name the collector by its base, or by the whole address', () => {
    expect(collectorUrl(read())).toBeUndefined();
    expect(collectorUrl(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318/' }))).toBe(
      'http://jaeger:4318/v1/traces',
    );
    const whole = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/otlp' };
    expect(collectorUrl(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', ...whole }))).toBe(
      'https://traces.example.com/otlp',
    );
  });

  it('hold headers and attributes as pairs', () => {
    expect(read({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20eA==, x-team = a' }).OTEL_EXPORTER_OTLP_HEADERS)
      // The padding of base64 is part of the value.
      .toEqual({ authorization: 'Basic eA==', 'x-team': 'a' });
    for (const wrong of ['x', '=x', 'a=%zz'])
      expect(() => read({ OTEL_EXPORTER_OTLP_HEADERS: wrong })).toThrow('pairs');
  });

  it.each([
    { OTEL_TRACES_SAMPLER: 'sometimes' },
    { OTEL_TRACES_SAMPLER_ARG: '2' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'jaeger:4318' },
    { OTEL_BSP_SCHEDULE_DELAY: '0' },
  ])('refuse %o', (wrong) => {
    expect(() => read(wrong)).toThrow(Object.keys(wrong)[0]);
  });
});
