import { EdgeKind } from '@webxterm/contracts/grpc';
import { Counter, Gauge, type Registry } from 'prom-client';

const protocolNames: ReadonlyMap<EdgeKind, string> = new Map([
  [EdgeKind.EDGE_KIND_V1, 'v1'],
  [EdgeKind.EDGE_KIND_RAW, 'raw'],
  [EdgeKind.EDGE_KIND_JSON, 'json'],
  // Recorders have no client.
  [EdgeKind.EDGE_KIND_UNSPECIFIED, 'recorder'],
]);

/** Metrics of this instance for Prometheus. */
export class Measures {
  readonly #attachments: Gauge<'protocol'>;
  readonly #unreachable: Counter;
  readonly #reattaches: Counter<'outcome'>;
  readonly #lostBytes: Counter;
  readonly #opened: Counter;
  readonly #closed: Counter;
  readonly #indexes: Counter<'outcome'>;
  readonly #indexSeconds: Counter;

  readonly attachments = {
    opened: (edge: EdgeKind): void => this.#attachments.inc({ protocol: nameOf(edge) }),
    closed: (edge: EdgeKind): void => this.#attachments.dec({ protocol: nameOf(edge) }),
    /** Counts each time an attachment starts to wait for an unreachable machine. */
    unreachable: (): void => this.#unreachable.inc(),
    /** Counts how each return to a session ended: accepted, or the error code. */
    reattached: (outcome: string): void => this.#reattaches.inc({ outcome }),
    /** Counts bytes of output that a viewer could not get any more. */
    lost: (bytes: number): void => this.#lostBytes.inc(bytes),
  };
  readonly sessions = { opened: (): void => this.#opened.inc(), closed: (): void => this.#closed.inc() };

  /** Counts an index of a recording, and how long it took. */
  readonly recordingIndexed = (_record: unknown, seconds: number, failed: boolean): void => {
    this.#indexes.inc({ outcome: failed ? 'failed' : 'ready' });
    this.#indexSeconds.inc(seconds);
  };

  constructor(registry: Registry) {
    const registers = [registry];
    this.#attachments = new Gauge({
      name: 'webxterm_terminal_attachments',
      help: 'Terminals that are attached or waiting for it, by the protocol of the client',
      labelNames: ['protocol'],
      registers,
    });
    for (const protocol of protocolNames.values()) this.#attachments.set({ protocol }, 0);
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.#unreachable = counter(
      'webxterm_terminal_unreachable_waits_total',
      'Times that a terminal had to wait for an unreachable machine',
    );
    this.#reattaches = new Counter({
      name: 'webxterm_terminal_reattaches_total',
      help: 'Returns to a session after a lost connection, by outcome: accepted or the error code',
      labelNames: ['outcome'],
      registers,
    });
    this.#lostBytes = counter(
      'webxterm_terminal_output_lost_bytes_total',
      'Bytes of output that were dropped from the buffer of the agent before a viewer returned',
    );
    this.#opened = counter('webxterm_terminal_sessions_opened_total', 'Sessions whose shell was opened');
    this.#indexes = new Counter({
      name: 'webxterm_terminal_recording_indexes_total',
      help: 'Tries to make the index of a recording, by outcome: ready or failed',
      labelNames: ['outcome'],
      registers,
    });
    this.#indexSeconds = counter(
      'webxterm_terminal_recording_index_seconds_total',
      'Time in which indexes of recordings were made',
    );
    this.#closed = counter('webxterm_terminal_sessions_closed_total', 'Sessions whose record was closed');
  }
}

const nameOf = (edge: EdgeKind): string => protocolNames.get(edge) ?? 'other';
