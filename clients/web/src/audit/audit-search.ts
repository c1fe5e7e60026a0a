import { AgentId, AuditAction, AuditResult, UserId } from '@webxterm/contracts/rest';
import { z } from 'zod';
import type { AuditFilter } from '../api/audit-calls.ts';
import { ListCursor } from '../layout/list-pages.tsx';

const LocalMinute = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);

/** The filters in the URL. Times are local, with minute precision. */
export const AuditFilters = z.object({
  action: AuditAction.optional().catch(undefined),
  result: AuditResult.optional().catch(undefined),
  user: UserId.optional().catch(undefined),
  machine: AgentId.optional().catch(undefined),
  from: LocalMinute.optional().catch(undefined),
  to: LocalMinute.optional().catch(undefined),
});
export type AuditFilters = z.infer<typeof AuditFilters>;

/** The search parameters of the page, so that a result can be shared as a link. */
export const AuditSearch = AuditFilters.extend({ cursor: ListCursor });

/** The filters alone. A change of a filter shows the first page again. */
export const filtersOf = ({ cursor: _, ...filters }: z.infer<typeof AuditSearch>): AuditFilters => filters;

const utc = (local: string | undefined): string | undefined =>
  local === undefined ? undefined : new Date(local).toISOString();

/** Converts filters to those of the server. Omits empty fields. */
export const filterOf = ({ action, result, user, machine, from, to }: AuditFilters): AuditFilter => {
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
