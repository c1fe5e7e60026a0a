import { createHash } from 'node:crypto';

/**
 * Names a sign-in in the audit log. It can be made only from the sid, which stands in tokens: whoever shows it has seen one. The
 * allow-list's key of the sign-in (hashSid) proves nothing, for every service can read it.
 */
export const auditSigninRef = (sid: string): string =>
  createHash('sha256').update(`webxterm audit v1\0${sid}`).digest('base64url');
