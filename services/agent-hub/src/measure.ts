import { Gauge, type Registry } from 'prom-client';

/** Gauges of this hub for Prometheus. */
export const measure = (
  registry: Registry,
  counts: {
    readonly newcomers: () => number;
    readonly links: () => number;
    readonly attachments: () => number;
    readonly signinsStale: () => boolean;
  },
): void => {
  const gauge = (name: string, help: string, count: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(count());
      },
    });
  };
  gauge('webxterm_hub_agent_newcomers', 'Unproven connections to the port that agents dial', counts.newcomers);
  gauge('webxterm_hub_agent_links', 'Agents linked to this hub', counts.links);
  gauge(
    'webxterm_hub_signins_stale',
    'Whether the allow-list of sign-ins may be outdated (1), so that new attaches are refused',
    () => Number(counts.signinsStale()),
  );
  gauge('webxterm_hub_attachments', 'Terminal attachments through this hub', counts.attachments);
};
