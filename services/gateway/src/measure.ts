import type { ServerResponse } from 'node:http';
import type { Route } from '@webxterm/contracts/rest';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Connections } from './server/connections.ts';

/** Prometheus metrics of the gateway. The route label is the route id: a path from a client never becomes a label. */
export class Measures {
  readonly #requests: Counter<'route' | 'status'>;
  readonly #seconds: Histogram<'service'>;
  readonly #routeSeconds: Histogram<'route'>;

  constructor(
    registry: Registry,
    openSockets: () => number,
    connections: Pick<Connections, 'unauthenticated' | 'closed'>,
  ) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'webxterm_gateway_requests_total',
      help: 'Requests answered, by route (none: rejected before routing, or a page) and status',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'webxterm_gateway_upstream_seconds',
      help: 'Seconds from forwarding a request until its response was sent, by service, without event streams',
      labelNames: ['service'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    this.#routeSeconds = new Histogram({
      name: 'webxterm_gateway_request_seconds',
      help: 'Seconds from the head of a request until its response was sent, by route, without event streams',
      labelNames: ['route'],
      buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
      registers,
    });
    new Gauge({
      name: 'webxterm_gateway_sockets',
      help: 'Open WebSockets of this gateway',
      registers,
      collect() {
        this.set(openSockets());
      },
    });
    new Gauge({
      name: 'webxterm_gateway_unauthenticated_connections',
      help: 'Connections on which no token has been accepted',
      registers,
      collect() {
        this.set(connections.unauthenticated);
      },
    });
    new Counter({
      name: 'webxterm_gateway_connections_closed_total',
      help: 'Idle and slow connections that were closed to make room for others',
      registers,
      collect() {
        this.reset();
        this.inc(connections.closed);
      },
    });
  }

  /** Counts the response once it has ended. `route` returns the route that was found by then. */
  watch(response: ServerResponse, route: () => Route | undefined): void {
    const started = performance.now();
    response.once('close', () => {
      const found = route();
      this.#requests.inc({ route: found?.id ?? 'none', status: response.statusCode });
      if (found === undefined || found.success.stream !== undefined) return;
      const seconds = (performance.now() - started) / 1000;
      this.#routeSeconds.observe({ route: found.id }, seconds);
      if (found.owner !== 'gateway') this.#seconds.observe({ service: found.owner }, seconds);
    });
  }
}
