import type { NatsConnection } from '@nats-io/transport-node';
import type { Logger, Shutdown } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { Connection } from 'mongoose';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { actorLookup } from './actor-lookup.ts';
import { ChainStore } from './chain-store.ts';
import { Checkpoints } from './checkpoints.ts';
import { AuditQuery } from './query.ts';
import { Retention } from './retention.ts';
import { auditModels } from './row.ts';
import { AuditWriter } from './writer.ts';

export interface AuditLogOptions {
  readonly connection: Connection;
  readonly bus: NatsConnection;
  readonly roots: RootKeys;
  readonly auditor: Auditor;
  /** 0: without limit. */
  readonly retentionDays: number;
  readonly logger: Logger;
  /** Called with false while the stream AUDIT cannot be read. */
  readonly onCurrent?: (current: boolean) => void;
}

/** The audit log: written from the stream, chained, recorded in checkpoints, shortened by retention, and read by administrators. */
export class AuditLog {
  readonly query: AuditQuery;
  readonly #parts: readonly { start(shutdown: Shutdown): void }[];

  /** Must run before the indexes are built, because it adds collections. */
  constructor({ connection, bus, roots, auditor, retentionDays, logger, onCurrent }: AuditLogOptions) {
    const models = auditModels(connection);
    const chain = new ChainStore(models, roots);
    const checkpoints = new Checkpoints({ bus, chain, signer: roots.current.allowList, logger });
    const lookup = actorLookup(connection, models);
    this.query = new AuditQuery(models);
    this.#parts = [
      new AuditWriter({
        bus,
        chain,
        lookup,
        logger,
        onWritten: (count) => checkpoints.written(count),
        ...(onCurrent === undefined ? {} : { onCurrent }),
      }),
      checkpoints,
      new Retention({ connection, models, roots, auditor, logger, days: retentionDays }),
    ];
  }

  start(shutdown: Shutdown): void {
    for (const part of this.#parts) part.start(shutdown);
  }
}
