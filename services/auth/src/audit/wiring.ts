import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import { AuditLog } from './audit-log.ts';
import { mountAudit } from './http.ts';

/** The audit log and its routes. */
export const wireAudit = (core: Core) => {
  const auditLog = new AuditLog({
    ...core,
    retentionDays: core.settings.AUDIT_RETENTION_DAYS,
    onCurrent: (current) => core.health.set('audit', current, current ? '' : 'the stream AUDIT cannot be read'),
  });
  return {
    auditLog,
    mountAudit: (api: Api): void => mountAudit(api, { ...core, query: auditLog.query }),
  };
};
