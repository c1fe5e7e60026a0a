import { EdgeKind } from '@webxterm/contracts/grpc';
import { Counter, Gauge, type Registry } from 'prom-client';

const edgeNames: ReadonlyMap<EdgeKind, string> = new Map([
  [EdgeKind.EDGE_KIND_V1, 'v1'],
  [EdgeKind.EDGE_KIND_RAW, 'raw'],
  [EdgeKind.EDGE_KIND_JSON, 'json'],
]);

/** Metrics of this instance for Prometheus. */
export class Measures {
  readonly #attachments: Gauge<'edge'>;
  readonly #unreachable: Counter;
  readonly #opened: Counter;
  readonly #closed: Counter;

  readonly attachments = {
    opened: (edge: EdgeKind): void => this.#attachments.inc({ edge: nameOf(edge) }),
    closed: (edge: EdgeKind): void => this.#attachments.dec({ edge: nameOf(edge) }),
    /** Counts each time an attachment starts to wait for an unreachable machine. */
    unreachable: (): void => this.#unreachable.inc(),
  };
  readonly sessions = { opened: (): void => this.#opened.inc(), closed: (): void => this.#closed.inc() };

  constructor(registry: Registry) {
    const registers = [registry];
    this.#attachments = new Gauge({
      name: 'webxterm_terminal_attachments',
      help: 'Terminals that are attached or waiting for it, by the protocol of the client',
      labelNames: ['edge'],
      registers,
    });
    for (const edge of edgeNames.values()) this.#attachments.set({ edge }, 0);
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.#unreachable = counter(
      'webxterm_terminal_unreachable_waits_total',
      'Times that a terminal had to wait for an unreachable machine',
    );
    this.#opened = counter('webxterm_terminal_sessions_opened_total', 'Sessions whose shell was opened');
    this.#closed = counter('webxterm_terminal_sessions_closed_total', 'Sessions whose record was closed');
  }
}

const nameOf = (edge: EdgeKind): string => edgeNames.get(edge) ?? 'other';
