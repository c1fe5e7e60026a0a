/** JetStream streams: facts that must not be lost. Declared by `init` (libs/shared, declareStreams). */
export const eventStream = {
  name: 'EVENTS',
  subjects: ['auth.signin.revoked', 'auth.user.changed', 'auth.apikey.rotated', 'terminal.session.*'],
} as const;
export const auditStream = { name: 'AUDIT', subjects: ['audit.>'] } as const;
/** Who did what, published by each service under its own name: the actor's service comes from the subject. */
export const auditSubject = (service: string, action: string): string => `audit.${service}.${action}`;
