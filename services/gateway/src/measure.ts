import type { ServerResponse } from 'node:http';
import type { Route } from '@webxterm/contracts/rest';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Connections } from './door/connections.ts';

/** What passes the door, for Prometheus. Routes are named by their ids: a path from outside never becomes a label. */
export class Measures {
  readonly #requests: Counter<'route' | 'status'>;
  readonly #seconds: Histogram<'service'>;

  constructor(registry: Registry, openSockets: () => number, connections: Pick<Connections, 'strangers' | 'closed'>) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'webxterm_gateway_requests_total',
      help: 'Requests answered, by route (none: refused before one was found, or a page) and status',
      labelNames: ['route', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'webxterm_gateway_upstream_seconds',
      help: 'From the passing on of a request until its answer was sent, by service; streams of events are left out',
      labelNames: ['service'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers,
    });
    new Gauge({
      name: 'webxterm_gateway_sockets',
      help: 'WebSockets open through this door',
      registers,
      collect() {
        this.set(openSockets());
      },
    });
    new Gauge({
      name: 'webxterm_gateway_strangers',
      help: 'Connections on which nobody has shown a good sign-in',
      registers,
      collect() {
        this.set(connections.strangers);
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

  /** Counts the answer once it is over. `route` tells which route was found by then. */
  watch(response: ServerResponse, route: () => Route | undefined): void {
    const started = performance.now();
    response.once('close', () => {
      const found = route();
      this.#requests.inc({ route: found?.id ?? 'none', status: response.statusCode });
      if (found === undefined || found.owner === 'gateway' || found.success.stream !== undefined) return;
      this.#seconds.observe({ service: found.owner }, (performance.now() - started) / 1000);
    });
  }
}
