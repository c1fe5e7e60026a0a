import { type AuditRow, exportAuditCsv, exportAuditNdjson, listAudit } from '@webxterm/contracts/rest';
import { ask, fetchAnswer, urlOf } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';

export type AuditQuery = z.input<typeof listAudit.query>;
export type AuditFilter = Omit<AuditQuery, 'cursor' | 'limit'>;
export interface AuditPage {
  readonly events: AuditRow[];
  readonly next_cursor: string | null;
}
export type AuditFormat = 'csv' | 'ndjson';

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls with which administrators read the audit log. */
export const auditCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  audit: (query: AuditQuery, signal?: AbortSignal): Promise<AuditPage> =>
    signIn.withToken((token) => ask(fetcher, listAudit, { query, headers: bearer(token), signal })),

  /** The audit log as a file, limited by the filter. */
  auditFile: (format: AuditFormat, query: AuditFilter): Promise<Blob> =>
    signIn.withToken(async (token) => {
      const address = urlOf(format === 'csv' ? exportAuditCsv : exportAuditNdjson, { query });
      return (await fetchAnswer(fetcher, address, { headers: bearer(token), cache: 'no-store' })).blob();
    }),
});
