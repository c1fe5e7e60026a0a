import * as bus from '@webxterm/contracts/bus';
import { z } from 'zod';

/** A subject of NATS and its messages. */
export interface BusChannel {
  /** `*` stands for one token, `>` for the rest. */
  readonly subject: string;
  readonly summary: string;
  /** JSON. Undefined: the message has no body. For an event or a request it is the `body` of the envelope. */
  readonly schema: z.ZodType | undefined;
  readonly reply?: z.ZodType;
  /** Without the envelope. */
  readonly bare?: true;
}

const isRequest = (value: unknown): value is bus.BusRequest =>
  typeof value === 'object' && value !== null && 'queue' in value && 'deadlineMs' in value;

/** The exports of the contracts, with the requests to one hub with `*` for its id. */
const exported: readonly unknown[] = [...Object.values(bus), bus.commandAtHub('*'), bus.runTargetAtHub('*')];
const busRequests = exported.filter(isRequest).toSorted((one, other) => (one.subject < other.subject ? -1 : 1));

const requestSummaries: Readonly<Record<string, string>> = {
  'auth.apikey.verify': 'The user of an API key, by its SHA-256, when a machine registers.',
  'auth.token.use': 'The sign-in of a personal access token, by its SHA-256.',
  'auth.users.find': 'Users by name, e-mail address or id.',
  'machines.of_user': 'The machines that a user owns.',
  'terminal.sessions.of_user': 'How many live terminal sessions a user has.',
  'machines.authorize': 'The rights of a caller on a machine.',
  'machines.with_right': 'The machines on which a caller has a right.',
  'machines.end_session': 'End a session on a machine that is offline, at its next link.',
  'hubs.*.command': 'Run a command, at the hub that holds the machine.',
  'hubs.*.run_target': 'Go on with one machine of a run, at the hub that holds it.',
};

const requests = busRequests.map(
  ({ subject, request, reply }): BusChannel => ({
    subject,
    summary: requestSummaries[subject] ?? '',
    schema: request,
    reply,
  }),
);

const events: readonly BusChannel[] = [
  {
    subject: 'auth.user.changed',
    summary: 'The role of a user has changed, or the user was disabled or deleted. On the stream EVENTS.',
    schema: bus.authEvents['auth.user.changed'],
  },
  {
    subject: 'auth.apikey.rotated',
    summary: 'The API key of a user has changed. On the stream EVENTS.',
    schema: bus.authEvents['auth.apikey.rotated'],
  },
  {
    subject: 'auth.signin.revoked',
    summary: 'Published by an older version of auth only. Nobody reads it.',
    schema: z.unknown(),
  },
  { subject: bus.machineStatsWildcard, summary: 'Load figures of a machine.', schema: bus.MachineStatsEvent },
  {
    subject: bus.machineAccessWildcard,
    summary: 'A right on a machine was given or taken. Signed by hubs.',
    schema: bus.MachineAccessEvent,
  },
  { subject: bus.sessionEndedWildcard, summary: 'A session on a machine has ended.', schema: bus.SessionEndedEvent },
  { subject: bus.sessionTitlesWildcard, summary: 'Titles of sessions on a machine.', schema: bus.SessionTitlesEvent },
  {
    subject: bus.machineSessionsWildcard,
    summary: 'The list of the sessions on a machine.',
    schema: bus.MachineSessionsEvent,
  },
  {
    subject: bus.machineSessionsWanted,
    summary: 'Every hub publishes the lists of the sessions on its machines again.',
    schema: undefined,
  },
  {
    subject: bus.openTerminalsSubject,
    summary: 'The open terminals by user at one instance of the terminal service. Signed by them.',
    schema: bus.OpenTerminalsEvent,
  },
  { subject: bus.runChangedWildcard, summary: 'A run or its targets have changed.', schema: bus.RunChangedEvent },
  ...(['auth', 'agent-hub', 'terminal'] as const).map((service) => ({
    subject: `audit.${service}.>`,
    summary: `An audit event of ${service}; the last token is the action. On the work queue AUDIT.`,
    schema: bus.AuditEvent,
  })),
  {
    subject: bus.checkpointSubject,
    summary: 'A checkpoint of the chain of audit rows. On the stream AUDIT_CHECKPOINTS.',
    schema: bus.AuditCheckpoint,
    bare: true,
  },
  {
    subject: `$KV.${bus.signinBucket}.>`,
    summary: 'The allow-list of sign-ins: a signature, a full stop, and this JSON (ADR 12).',
    schema: bus.SigninStatement,
    bare: true,
  },
  {
    subject: `$KV.${bus.presenceBucket}.>`,
    summary: 'The lease of a hub (`hubs.ID`), or the hub that holds the link of an agent (`agents.ID`).',
    schema: z.union([bus.HubLease, bus.AgentPresence]),
    bare: true,
  },
];

/** Every subject of the bus, except for those of JetStream itself. */
export const busChannels: readonly BusChannel[] = [...requests, ...events];
