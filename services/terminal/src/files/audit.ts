import type { AuditAction } from '@webxterm/contracts/rest';
import type { AuditFact } from '@webxterm/shared/audit';

/** A detail is cut behind this many characters. The end of a path says more than its beginning. */
const maxPath = 256;

/** Cut to what a detail can hold. */
export const shortened = (path: string): string =>
  (path.length <= maxPath ? path : `…${path.slice(1 - maxPath)}`).toWellFormed();

/** A transfer or change on a machine. `more`: details beside the path. */
export const fileFact = (
  action: AuditAction,
  agentId: string,
  path: string,
  more: NonNullable<AuditFact['details']> = {},
) =>
  ({
    action,
    agentId,
    details: { path: shortened(path), ...more },
  }) as const satisfies AuditFact;
