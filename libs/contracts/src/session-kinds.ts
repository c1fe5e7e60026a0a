import { z } from 'zod';
import type { Right } from './rights.ts';

/**
 * The name of a kind of session, such as `pty`. The terminal service and the hub refuse a kind that they do not know. The hub also refuses
 * one that the agent does not have.
 */
export const SessionKindName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and _, and start with a letter');

/** The kind of session if none is named: a login shell on a pseudo-terminal. */
export const defaultKind = 'pty';

/** The kind of a forwarded TCP connection, with its own WebSocket. */
export const tcpKind = 'tcp';

/** The kind of an ssh connection, whose server is the agent. It has its own WebSocket. */
export const sshKind = 'ssh';

/** The rights that the server of an ssh connection distinguishes: shells, commands, both directions of sftp, forwarded connections. */
export const sshRights = [
  'open',
  'command',
  'files_read',
  'files_write',
  'forward',
] as const satisfies readonly Right[];
export type SshRight = (typeof sshRights)[number];

/** The rights on the machine that kinds of session require, by name of the kind. */
export type KindRights = ReadonlyMap<string, readonly Right[]>;

/**
 * The kinds of session by name, each with the rights on the machine of which opening one requires at least one. A session has those of them
 * that its owner has, and ends when the owner loses one. Names are never reused.
 */
export const sessionKinds: KindRights = new Map<string, readonly Right[]>([
  [defaultKind, ['open']],
  ['files_read', ['files_read']],
  ['files_write', ['files_write']],
  [tcpKind, ['forward']],
  [sshKind, sshRights],
]);

/** The kinds that a viewer of terminals may open. All others are opened by other routes of the terminal service, which audit what they do. */
export const viewerKinds: KindRights = new Map<string, readonly Right[]>([[defaultKind, ['open']]]);

/** The sentence for a kind that the server does not know. */
export const unknownKind = (kind: string, known: ReadonlyMap<string, unknown>): string =>
  `This server has no sessions of kind ${kind}, only of: ${[...known.keys()].join(', ')}.`;
