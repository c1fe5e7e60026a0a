import { Counter, Gauge, type Registry } from 'prom-client';
import { traffic } from './attachments/splice.ts';

/** Gauges of this hub for Prometheus. */
export const measure = (
  registry: Registry,
  counts: {
    readonly unproven: () => number;
    readonly links: () => number;
    readonly attachments: () => number;
    readonly runs: () => number;
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
  gauge(
    'webxterm_hub_agent_unproven_connections',
    'Unproven connections to the port that agents dial',
    counts.unproven,
  );
  gauge('webxterm_hub_agent_links', 'Agents linked to this hub', counts.links);
  gauge(
    'webxterm_hub_signins_stale',
    'Whether the allow-list of sign-ins may be outdated (1), so that new attaches are refused',
    () => Number(counts.signinsStale()),
  );
  gauge('webxterm_hub_runs', 'Runs in progress that this hub leads', counts.runs);
  gauge('webxterm_hub_attachments', 'Terminal attachments through this hub', counts.attachments);
  measureTraffic(registry);
};

const measureTraffic = (registry: Registry): void => {
  const byReceiver = (name: string, help: string, toViewer: () => number, toMachine: () => number): void => {
    new Counter({
      name,
      help,
      labelNames: ['to'],
      registers: [registry],
      collect() {
        this.reset();
        this.inc({ to: 'viewer' }, toViewer());
        this.inc({ to: 'machine' }, toMachine());
      },
    });
  };
  byReceiver(
    'webxterm_hub_attach_bytes_total',
    'Bytes of attach messages that this hub passed on, by receiver (viewer or machine)',
    () => traffic.bytesToViewers,
    () => traffic.bytesToMachines,
  );
  byReceiver(
    'webxterm_hub_attach_holds_total',
    'Times that an attach stream was not read because its receiver (viewer or machine) accepted no more',
    () => traffic.machinesHeld,
    () => traffic.viewersHeld,
  );
};
