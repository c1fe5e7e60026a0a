import type { NatsConnection } from '@nats-io/transport-node';
import type { Auditor } from '@webxterm/shared/audit';
import type { MachineModels } from '../machines/record.ts';
import type { AccessChanges } from './access-changes.ts';

/** The parts with which groups and the grants to them are changed. */
export interface TeamParts {
  readonly models: MachineModels;
  readonly accessChanges: AccessChanges;
  readonly bus: NatsConnection;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly now: () => number;
}
