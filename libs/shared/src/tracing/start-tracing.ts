import packageJson from '../../package.json' with { type: 'json' };
import type { Shutdown } from '../lifecycle/shutdown.ts';
import type { Logger } from '../log/logger.ts';
import { collectorUrl, type TracingSettings } from './settings.ts';
import { setTracer } from './trace.ts';

/** The last spans are lost if the collector does not take them in this time. */
const sendWithinMs = 2000;

/** Turns tracing on if the settings name a collector. Otherwise neither the SDK nor the exporter is loaded. */
export const startTracing = async (
  service: string,
  settings: Partial<TracingSettings> & { readonly INSTANCE_ID?: string | undefined },
  { logger, shutdown }: { readonly logger: Logger; readonly shutdown: Shutdown },
): Promise<void> => {
  const url = collectorUrl(settings);
  if (url === undefined) return;
  const { ExportedSpans } = await import('./exported-spans.ts');
  const spans = new ExportedSpans({
    url,
    settings,
    serviceName: settings.OTEL_SERVICE_NAME ?? `webxterm-${service}`,
    version: packageJson.version,
    instance: settings.INSTANCE_ID,
    logger,
  });
  setTracer(spans);
  // In the last tier, after all work.
  shutdown.add('database', 'traces', () => spans.close(), sendWithinMs);
  logger.info({ collector: new URL(url).host, sampler: settings.OTEL_TRACES_SAMPLER }, 'traces are on');
};
