/** JetStream stream for events that must not be lost. `init` declares it (libs/shared, declareStreams). For audit events see audit.ts. */
export const eventStream = {
  name: 'EVENTS',
  // An existing stream is not updated, so the subjects of older versions stay. The first and the last of them are no longer published.
  subjects: ['auth.signin.revoked', 'auth.user.changed', 'auth.apikey.rotated', 'terminal.session.*'],
} as const;

/**
 * NATS header of a signed message: `1 <at> <id> <signature>`. `at`: ms since 1970. `id`: 22 characters, unique. `signature`: base64url,
 * over `webxterm message v1`, subject, at, id and payload, separated by line feeds. ADR 20 lists which key signs which subject.
 */
export const signedMessageHeader = 'Webxterm-Signed';

/** HKDF purposes of the keys that sign bus messages, derived from secrets of the services. ADR 20. */
export const busMacPurposes = {
  /** Derived from LINK_KEY, which only hubs have. */
  amongHubs: 'bus messages among hubs',
  /** Derived from PASS_KEY, which hubs and terminal services have. */
  hubsToTerminals: 'bus messages of hubs to terminals',
  /** Derived from TICKET_KEY, which only terminal services have. */
  amongTerminals: 'bus messages among terminals',
} as const;
