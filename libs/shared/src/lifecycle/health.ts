import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { busRequestSeconds } from '../bus/bus-metrics.ts';
import { bearerToken } from '../http/bearer-token.ts';
import { listenAt } from './listen-at.ts';
import type { Shutdown } from './shutdown.ts';

/**
 * Advice about a lost MongoDB or NATS. A mongod whose disk is full or read-only exits, and either server rejects connections above its
 * limit. A client cannot distinguish these causes.
 */
export const serverAwayAdvice =
  'check that it runs, with a majority of its members if it has several, the end of its log, that its disk has space and is writable, and its limits of connections and open files';

/**
 * The health of a service. Readiness is latched: once every part was available it stays until shutdown. A part that is lost later makes the
 * service `degraded`, and each request that needs the part fails. If readiness followed a shared outage, the probe would remove all
 * instances from every Service at once.
 */
export class Health {
  readonly metrics = new Registry();
  readonly #parts = new Map<string, { ok: boolean; detail: string }>();
  #ready = false;
  #ending = false;

  constructor(service: string) {
    this.metrics.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.metrics });
    this.metrics.registerMetric(busRequestSeconds);
    const part = new Gauge({
      name: 'webxterm_part_ok',
      help: 'Whether a part that this instance needs (mongodb, nats, …) is available (1) or not (0)',
      labelNames: ['part'],
      registers: [this.metrics],
      collect: () => {
        for (const [name, { ok }] of this.#parts) part.set({ part: name }, Number(ok));
      },
    });
  }

  /** Declares or updates a part (mongodb, nats, signins, …). All parts must be ok at the same time once before ready. */
  set(part: string, ok: boolean, detail = ''): void {
    this.#parts.set(part, { ok, detail });
  }

  /** Marks the service ready. The caller makes sure that all parts are declared and ok. */
  markReady(): void {
    this.#ready = true;
  }

  markEnding(): void {
    this.#ending = true;
  }

  report(): {
    status: 'ok' | 'degraded' | 'starting' | 'ending';
    parts: Record<string, { ok: boolean; detail: string }>;
  } {
    const parts = Object.fromEntries(this.#parts);
    if (this.#ending) return { status: 'ending', parts };
    if (!this.#ready) return { status: 'starting', parts };
    return { status: Object.values(parts).every((part) => part.ok) ? 'ok' : 'degraded', parts };
  }
}

/** The settings of the health server, which every service has. */
export interface HealthSettings {
  readonly HEALTH_HOST: string;
  readonly HEALTH_PORT: number;
  readonly METRICS_TOKEN?: string | undefined;
}

/**
 * Serves GET /livez (the event loop responds), /readyz (200 while ready or degraded, else 503) and /metrics (Prometheus, with a token if
 * one is set).
 */
export const serveHealth = async (settings: HealthSettings, health: Health, shutdown: Shutdown): Promise<void> => {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.url === '/livez') return answer(200, { status: 'ok' });
    if (request.url === '/readyz') {
      const report = health.report();
      return answer(report.status === 'ok' || report.status === 'degraded' ? 200 : 503, report);
    }
    if (request.url === '/metrics') {
      if (!mayReadMetrics(request.headers.authorization, settings.METRICS_TOKEN))
        return answer(401, { error: 'the metrics token is missing or wrong' });
      health.metrics.metrics().then(
        (text) => response.writeHead(200, { 'content-type': health.metrics.contentType }).end(text),
        () => answer(500, { error: 'metrics could not be collected' }),
      );
      return;
    }
    answer(404, { error: 'only /livez, /readyz and /metrics exist' });
  });
  await listenAt(server, { host: settings.HEALTH_HOST, port: settings.HEALTH_PORT, setting: 'HEALTH' });
  shutdown.add('unready', 'health', () => health.markEnding());
  shutdown.add('database', 'health server', () => {
    server.closeAllConnections();
    server.close();
  });
};

const mayReadMetrics = (authorization: string | undefined, token: string | undefined): boolean => {
  if (token === undefined) return true;
  const given = Buffer.from(bearerToken(authorization) ?? '');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};
