import { adminOnly, type Rule } from './rule.ts';

/** The audit log: for administrators alone. */
export const auditRules: Readonly<Record<string, readonly Rule[]>> = {
  listAudit: [adminOnly(200)],
  exportAuditCsv: [adminOnly(200)],
  exportAuditNdjson: [adminOnly(200)],
};
