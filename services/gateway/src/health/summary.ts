import type { PartHealth } from '@webxterm/contracts/rest';
import type { z } from 'zod';
import type { Readiness } from './probe.ts';

export type Part = z.infer<typeof PartHealth>;

export interface HealthSummary {
  readonly status: Part['status'];
  readonly version: string;
  readonly parts: Part[];
}

/** The servers that several services report on. Other parts of a report (lists, streams) are details of the one service. */
const sharedServers = ['mongodb', 'nats'];

export const isReady = (report: Readiness | undefined): boolean =>
  report !== undefined && (report.status === 'ok' || report.status === 'degraded');

/** The state of the cluster from the reports of all instances of each service (undefined: no response). */
export const summarize = (
  version: string,
  services: readonly { readonly name: string; readonly reports: readonly (Readiness | undefined)[] }[],
): HealthSummary => {
  const parts = services.map(({ name, reports }) => servicePart(name, reports));
  const reports = services.flatMap((service) => service.reports);
  for (const name of sharedServers) parts.push(...serverPart(name, reports));
  const serving = parts.slice(0, services.length);
  const status = serving.every((part) => part.status === 'down')
    ? 'down'
    : parts.every((part) => part.status === 'ok')
      ? 'ok'
      : 'degraded';
  return { status, version, parts };
};

const servicePart = (name: string, reports: readonly (Readiness | undefined)[]): Part => {
  const ready = reports.filter(isReady).length;
  const lacking = new Map<string, string>();
  for (const report of reports)
    for (const [part, state] of Object.entries(report?.parts ?? {}))
      if (!state.ok) lacking.set(part, state.detail ?? '');
  const silent = reports.filter((report) => report === undefined).length;
  const detail = [
    ...(silent > 0 ? [`${silent} of ${reports.length} do not answer`] : []),
    ...(lacking.size > 0
      ? [
          `without ${[...lacking.keys()]
            .sort()
            .map((part) => named(part, sharedServers.includes(part) ? '' : lacking.get(part)))
            .join(', ')}`,
        ]
      : []),
  ].join('; ');
  const status = ready === 0 ? 'down' : ready < reports.length || lacking.size > 0 ? 'degraded' : 'ok';
  return { name, status, instances: reports.length, ready, ...(detail === '' ? {} : { detail }) };
};

/** The missing part with the detail that its service reports. */
const named = (part: string, detail = ''): string => (detail === '' ? part : `${part} (${detail})`);

/** The state of a shared server as the services report it. Empty if no service reports on it. */
const serverPart = (name: string, reports: readonly (Readiness | undefined)[]): Part[] => {
  const states = reports.flatMap((report) => report?.parts[name] ?? []);
  if (states.length === 0) return [];
  const ready = states.filter((state) => state.ok).length;
  const status = ready === states.length ? 'ok' : ready === 0 ? 'down' : 'degraded';
  if (ready === states.length) return [{ name, status, instances: 1, ready: 1 }];
  const away = `${states.length - ready} of ${states.length} services do not reach it`;
  const advice = states.find((state) => !state.ok && (state.detail ?? '') !== '')?.detail;
  const detail = advice === undefined ? away : `${away}: ${advice}`;
  return [{ name, status, instances: 1, ready: ready > 0 ? 1 : 0, detail }];
};
