export * from './audit.ts';
export * from './auth.ts';
export * from './machines.ts';
export * from './permissions.ts';
export * from './presence.ts';
export * from './request.ts';
export * from './streams.ts';
export * from './terminals.ts';
