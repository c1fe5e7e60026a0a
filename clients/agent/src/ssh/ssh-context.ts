import type { SshRight } from '@webxterm/contracts/session-kinds';
import type { Logger } from 'pino';
import type { OwnedChildOptions } from '../commands/owned-child.ts';
import type { AllowedTargets } from '../forwards/allowed-targets.ts';
import type { NameLookups } from '../forwards/name-lookups.ts';
import type { ShellAccount } from '../shell/login-shell.ts';
import type { SshActivities } from './activities.ts';
import type { SshPlaces } from './places.ts';

/** The parts of the agent that every ssh connection uses. */
export type SshParts = {
  readonly account: ShellAccount;
  /** Identifies this machine's agent in the environment of its programs. */
  readonly agentTag: string;
  readonly guard: OwnedChildOptions['guard'];
  readonly allowed: AllowedTargets;
  readonly lookups: NameLookups;
  readonly activities: SshActivities;
  readonly places: SshPlaces;
  readonly log: Logger;
};

/** One connection: what the hub has authorized. */
export type SshGrant = {
  readonly sessionId: Buffer;
  /** The user of WebXTerm. */
  readonly owner: string;
  /** The account that everything in the connection runs as. */
  readonly linuxUser: string;
  readonly rights: readonly string[];
  /** Terminals of this machine must be recorded, and nothing records those of an ssh connection. */
  readonly mustRecord: boolean;
};

/** A refusal with a sentence for the user, and the code for the audit log. */
export type SshRefusal = { readonly code: string; readonly message: string };

const whatFor: Readonly<Record<SshRight, string>> = {
  open: 'open a terminal',
  command: 'run commands',
  files_read: 'read files',
  files_write: 'write files',
  forward: 'forward connections',
};

/** Why a right is missing, for all that need it. Undefined: the connection has it. */
export const withoutRight = ({ rights }: Pick<SshGrant, 'rights'>, right: SshRight): SshRefusal | undefined =>
  rights.includes(right)
    ? undefined
    : {
        code: 'view_only',
        message: `You may not ${whatFor[right]} on this machine by this connection: that needs the right ${right}, and of an access token the scope ${right}.`,
      };

/** Shells and commands have an input and an output, with or without a terminal. */
export const unrecorded = ({ mustRecord }: Pick<SshGrant, 'mustRecord'>): SshRefusal | undefined =>
  mustRecord
    ? {
        code: 'recording_unavailable',
        message:
          'Terminals on this machine must be recorded, and ssh connections are not: use "vsay connect", "vsay exec" or the web page. sftp and forwarded connections work.',
      }
    : undefined;
