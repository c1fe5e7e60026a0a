import { auditConsumer, auditStream, checkpointStream } from './audit.ts';
import { signinBucket } from './auth.ts';
import { presenceBucket } from './presence.ts';
import { eventStream } from './streams.ts';
import { machineSessionsWanted, openTerminalsSubject } from './terminals.ts';

export type BusUser = 'init' | 'auth' | 'agent-hub' | 'terminal';

/** What one NATS user may publish and subscribe; everything else is refused. Rendered into the server's configuration. */
export interface BusPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Each user has an inbox prefix of its own, so that no service reads another's replies. */
export const inboxPrefix = (user: BusUser): string => `_INBOX_${user.replace('-', '_')}`;

/**
 * Where the answer to a request on `subject` goes: whoever may ask reads there, whoever answers writes there. Not `allow_responses`
 * of the server: with it a service could send itself a request with a reply subject of its choice, and then publish anything there,
 * an administrator's sign-in too. `token`: what nobody guesses.
 */
export const replySubject = (subject: string, token: string): string => `_REPLY.${subject}.${token}`;

const replies = (...subjects: string[]): string[] => subjects.map((subject) => replySubject(subject, '>'));

/**
 * The server stores what a push consumer delivers wherever the consumer's config says, and does not ask whether its maker may publish
 * there (tried on 2.15.1: CREATE with and without name and filter, permissions on publish and on subscribe). What can be bounded is
 * which bytes a consumer may read: the subject that it filters stands in the subject of the request that makes it, where the server
 * compares it with the config. So there is no right to make a consumer without that filter. ADR 20.
 *
 * No DIRECT.GET: the server sends its answer, the stored bytes themselves, to whatever reply subject the request names and does
 * not ask whether the asker may publish there. So an administrator's entry could be copied to a sign-in of one's own making.
 * MSG.GET wraps the bytes in JSON that is no entry.
 */
const readStream = (stream: string, filters: readonly string[]): string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  ...filters.map((filter) => `$JS.API.CONSUMER.CREATE.${stream}.*.${filter}`),
  `$JS.API.CONSUMER.INFO.${stream}.>`,
  `$JS.API.CONSUMER.DELETE.${stream}.>`,
];

const pullFrom = (stream: string): string[] => [`$JS.API.CONSUMER.MSG.NEXT.${stream}.>`, `$JS.ACK.${stream}.>`];

const readBucket = (bucket: string): string[] => [
  ...readStream(`KV_${bucket}`, [`$KV.${bucket}.>`]),
  `$JS.API.STREAM.MSG.GET.KV_${bucket}`,
  `$JS.FC.KV_${bucket}.>`,
];

/** `$KV.<bucket>.>` is writable by the bucket's owner only. */
const writeBucket = (bucket: string): string[] => [`$KV.${bucket}.>`];

/** Streams may be created (an empty volume heals) but neither updated, purged nor deleted. */
const createStream = (stream: string): string[] => [`$JS.API.STREAM.CREATE.${stream}`, `$JS.API.STREAM.INFO.${stream}`];

const inbox = (user: BusUser): string => `${inboxPrefix(user)}.>`;

export const busPermissions: Record<BusUser, BusPermissions> = {
  init: {
    publish: ['$JS.API.>'],
    subscribe: [inbox('init')],
  },
  auth: {
    publish: [
      // An auth of the version before tells it, while it is rolled.
      'auth.signin.revoked',
      'auth.user.changed',
      'auth.apikey.rotated',
      'machines.of_user',
      'terminal.sessions.of_user',
      'audit.auth.>',
      '$JS.API.INFO',
      ...readBucket(signinBucket),
      ...writeBucket(signinBucket),
      ...[signinBucket, presenceBucket].flatMap((bucket) => createStream(`KV_${bucket}`)),
      ...[eventStream.name, auditStream.name, checkpointStream.name].flatMap(createStream),
      `$JS.API.CONSUMER.CREATE.${auditStream.name}.${auditConsumer}`,
      `$JS.API.CONSUMER.INFO.${auditStream.name}.>`,
      ...pullFrom(auditStream.name),
      // Added to and read, never shortened.
      ...checkpointStream.subjects,
      `$JS.API.CONSUMER.CREATE.${checkpointStream.name}.*`,
      ...readStream(checkpointStream.name, []),
      ...pullFrom(checkpointStream.name),
      ...replies('auth.apikey.verify', 'auth.users.find'),
    ],
    subscribe: [
      inbox('auth'),
      'auth.apikey.verify',
      'auth.users.find',
      ...replies('machines.of_user', 'terminal.sessions.of_user'),
    ],
  },
  'agent-hub': {
    publish: [
      'auth.apikey.verify',
      'auth.users.find',
      'terminal.sessions.of_user',
      'hubs.*.command',
      'machines.*.stats',
      'machines.*.access',
      'machines.*.session_ended',
      'machines.*.sessions',
      'audit.agent-hub.>',
      '$JS.API.INFO',
      ...readBucket(signinBucket),
      ...readBucket(presenceBucket),
      ...writeBucket(presenceBucket),
      ...readStream(eventStream.name, ['auth.user.changed', 'auth.apikey.rotated']),
      ...pullFrom(eventStream.name),
      ...replies('machines.authorize', 'machines.of_user', 'machines.end_session', 'hubs.*.command'),
    ],
    subscribe: [
      inbox('agent-hub'),
      'machines.authorize',
      'machines.of_user',
      'machines.end_session',
      'hubs.*.command',
      'machines.*.stats',
      'machines.*.access',
      machineSessionsWanted,
      ...replies('auth.apikey.verify', 'auth.users.find', 'terminal.sessions.of_user', 'hubs.*.command'),
    ],
  },
  terminal: {
    publish: [
      'machines.authorize',
      'machines.end_session',
      machineSessionsWanted,
      openTerminalsSubject,
      'audit.terminal.>',
      '$JS.API.INFO',
      ...readBucket(signinBucket),
      ...readBucket(presenceBucket),
      ...replies('terminal.sessions.of_user'),
    ],
    subscribe: [
      inbox('terminal'),
      'terminal.sessions.of_user',
      openTerminalsSubject,
      'machines.*.session_ended',
      'machines.*.sessions',
      ...replies('machines.authorize', 'machines.end_session'),
    ],
  },
};
