import { AgentId, AuditAction, AuditResult, UserId } from '@webxterm/contracts/rest';
import { z } from 'zod';
import type { AuditFilter } from '../api/audit-calls.ts';

const LocalMinute = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);

/** The search parameters of the page, so that a result can be shared as a link. Times are local, with minute precision. */
export const AuditSearch = z.object({
  action: AuditAction.optional().catch(undefined),
  result: AuditResult.optional().catch(undefined),
  user: UserId.optional().catch(undefined),
  machine: AgentId.optional().catch(undefined),
  from: LocalMinute.optional().catch(undefined),
  to: LocalMinute.optional().catch(undefined),
});
export type AuditSearch = z.infer<typeof AuditSearch>;

const utc = (local: string | undefined): string | undefined =>
  local === undefined ? undefined : new Date(local).toISOString();

/** Converts a search to the server's filter. Omits empty fields. */
export const filterOf = ({ action, result, user, machine, from, to }: AuditSearch): AuditFilter => {
  const [since, until] = [utc(from), utc(to)];
  return {
    ...(action !== undefined && { action }),
    ...(result !== undefined && { result }),
    ...(user !== undefined && { user_id: user }),
    ...(machine !== undefined && { machine }),
    ...(since !== undefined && { from: since }),
    ...(until !== undefined && { to: until }),
  };
};
