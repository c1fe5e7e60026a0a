import { readdirSync, readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { z } from 'zod';

const folder = new URL('../../observability/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');

const Rules = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});
const Dashboard = z.object({
  title: z.string(),
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
});

/** A PromQL expression, and where it stands. */
export interface Expression {
  readonly where: string;
  readonly expr: string;
}

/** Every expression of the alert rules and of the dashboards. */
export const expressions = (): readonly Expression[] => {
  const alerts = Rules.parse(parse(read('alerts.yml'))).groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
  );
  const dashboards = readdirSync(new URL('grafana/dashboards/', folder)).map((name) =>
    Dashboard.parse(JSON.parse(read(`grafana/dashboards/${name}`))),
  );
  const panels = dashboards.flatMap(({ title, panels: all }) =>
    all.flatMap((panel) => panel.targets.map(({ expr }) => ({ where: `${title}, ${panel.title}`, expr }))),
  );
  return [...alerts, ...panels];
};

/** The metrics that an expression reads. @throws Error if it is not PromQL */
export const metricsIn = ({ where, expr }: Expression): readonly string[] => {
  // Grafana puts the interval in.
  const text = expr.replaceAll('$__rate_interval', '5m');
  const found: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) throw new Error(`${where}: not PromQL near "${text.slice(from, from + 20)}"`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') found.push(text.slice(from, to));
    },
  });
  return found;
};

/** The names that a `/metrics` page can have samples of. A histogram has three. */
export const namesAt = (page: string): readonly string[] =>
  [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
  );
