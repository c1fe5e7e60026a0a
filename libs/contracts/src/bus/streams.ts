/** JetStream streams: facts that must not be lost. Declared by `init` (libs/shared, declareStreams). Audit: see audit.ts. */
export const eventStream = {
  name: 'EVENTS',
  subjects: ['auth.signin.revoked', 'auth.user.changed', 'auth.apikey.rotated', 'terminal.session.*'],
} as const;
