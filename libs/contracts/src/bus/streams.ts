/** JetStream streams: facts that must not be lost. Declared by `init` (libs/shared, declareStreams). Audit: see audit.ts. */
export const eventStream = {
  name: 'EVENTS',
  // As the versions before made it, for the stream that is there stays as it is: nobody tells the first and the last of them now.
  subjects: ['auth.signin.revoked', 'auth.user.changed', 'auth.apikey.rotated', 'terminal.session.*'],
} as const;

/**
 * NATS header of a message that is acted upon: `1 <at> <id> <signature>`. `at`: ms since 1970; `id`: 22 characters, unique; the
 * signature, base64url, is over `webxterm message v1`, subject, at, id and payload, with a line feed between each two. ADR 20 says
 * whose key signs which subject.
 */
export const signedMessageHeader = 'Webxterm-Signed';

/** What the keys are for that are derived from secrets of services, by HKDF, to sign messages of the bus. ADR 20. */
export const busMacPurposes = {
  /** From LINK_KEY, which hubs alone have. */
  amongHubs: 'bus messages among hubs',
  /** From PASS_KEY, which hubs and terminals have. */
  hubsToTerminals: 'bus messages of hubs to terminals',
  /** From TICKET_KEY, which terminals alone have. */
  amongTerminals: 'bus messages among terminals',
} as const;
