import { createHash } from 'node:crypto';

/**
 * Identifies a sign-in in the audit log. It can be computed only from the sid, which only tokens contain, so a service that presents it has
 * seen a token. The sign-in's key on the allow-list (hashSid) proves nothing, because every service can read it.
 */
export const auditSigninRef = (sid: string): string =>
  createHash('sha256').update(`webxterm audit v1\0${sid}`).digest('base64url');
