import { auditConsumer, auditStream, checkpointStream } from './audit.ts';
import { signinBucket } from './auth.ts';
import { presenceBucket } from './presence.ts';
import { eventStream } from './streams.ts';
import { machineSessionsWanted, openTerminalsSubject } from './terminals.ts';

export type BusUser = 'init' | 'auth' | 'agent-hub' | 'terminal';

/** Subjects that one NATS user may publish and subscribe to. The server rejects all others. Rendered into its configuration. */
export interface BusPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Each user has its own inbox prefix, so no service can read the replies of another. */
export const inboxPrefix = (user: BusUser): string => `_INBOX_${user.replace('-', '_')}`;

/**
 * Reply subject of a request on `subject`. The users that may send the request may subscribe to it, and the users that reply may publish to
 * it. The server's `allow_responses` is not used: a service could send itself a request with any reply subject and then publish there, even
 * an administrator's sign-in. `token` must be unguessable.
 */
export const replySubject = (subject: string, token: string): string => `_REPLY.${subject}.${token}`;

const replies = (...subjects: string[]): string[] => subjects.map((subject) => replySubject(subject, '>'));

/**
 * A push consumer delivers to the subject in its config. The server does not check whether its creator may publish there (tried on 2.15.1:
 * CREATE with and without name and filter, permissions on publish and on subscribe). Only the messages that a consumer reads can be
 * limited: the subject of the create request contains the filter subject, and the server compares it with the config. So no user may create
 * a consumer without that filter. ADR 20.
 *
 * DIRECT.GET is not allowed: the server sends the stored bytes to any reply subject that the request names, without a check whether the
 * requester may publish there. So a user could copy an administrator's entry to a sign-in of its own. MSG.GET wraps the bytes in JSON,
 * which is not a valid entry.
 */
const createConsumers = (stream: string, filters: readonly string[]): string[] =>
  filters.map((filter) => `$JS.API.CONSUMER.CREATE.${stream}.*.${filter}`);

const pullFrom = (stream: string): string[] => [
  `$JS.API.CONSUMER.INFO.${stream}.>`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
];

const acknowledge = (stream: string): string => `$JS.ACK.${stream}.>`;

/** The watch of the client deletes its consumer before it makes another one, after it has missed a message. */
const watchBucket = (bucket: string): string[] => [
  `$JS.API.STREAM.INFO.KV_${bucket}`,
  ...createConsumers(`KV_${bucket}`, [`$KV.${bucket}.>`]),
  `$JS.API.CONSUMER.DELETE.KV_${bucket}.>`,
  `$JS.FC.KV_${bucket}.>`,
];

const readEntries = (bucket: string): string => `$JS.API.STREAM.MSG.GET.KV_${bucket}`;

/** Only the owner of the bucket may write `$KV.<bucket>.>`. */
const writeBucket = (bucket: string): string[] => [`$KV.${bucket}.>`];

/** Streams may be created, so that an empty volume recovers, but not updated, purged or deleted. */
const createStream = (stream: string): string[] => [`$JS.API.STREAM.CREATE.${stream}`, `$JS.API.STREAM.INFO.${stream}`];

/** A hub sends them to the hub that holds a machine. */
const requestsAmongHubs = ['hubs.*.command', 'hubs.*.run_target'];

const inbox = (user: BusUser): string => `${inboxPrefix(user)}.>`;

export const busPermissions: Record<BusUser, BusPermissions> = {
  init: {
    publish: ['$JS.API.>'],
    subscribe: [inbox('init')],
  },
  auth: {
    publish: [
      // Published by an older version of auth during a rolling upgrade.
      'auth.signin.revoked',
      'auth.user.changed',
      'auth.apikey.rotated',
      'machines.of_user',
      'terminal.sessions.of_user',
      'audit.auth.>',
      '$JS.API.INFO',
      ...watchBucket(signinBucket),
      readEntries(signinBucket),
      ...writeBucket(signinBucket),
      ...[signinBucket, presenceBucket].flatMap((bucket) => createStream(`KV_${bucket}`)),
      ...[eventStream.name, auditStream.name, checkpointStream.name].flatMap(createStream),
      `$JS.API.CONSUMER.CREATE.${auditStream.name}.${auditConsumer}`,
      ...pullFrom(auditStream.name),
      acknowledge(auditStream.name),
      // Auth may append and read, but not shorten.
      ...checkpointStream.subjects,
      `$JS.API.CONSUMER.CREATE.${checkpointStream.name}.*`,
      ...pullFrom(checkpointStream.name),
      ...replies('auth.apikey.verify', 'auth.token.use', 'auth.users.find'),
    ],
    subscribe: [
      inbox('auth'),
      'auth.apikey.verify',
      'auth.token.use',
      'auth.users.find',
      ...replies('machines.of_user', 'terminal.sessions.of_user'),
    ],
  },
  'agent-hub': {
    publish: [
      'auth.apikey.verify',
      'auth.token.use',
      'auth.users.find',
      'terminal.sessions.of_user',
      ...requestsAmongHubs,
      'runs.*.changed',
      'machines.*.stats',
      'machines.*.access',
      'machines.*.session_ended',
      'machines.*.session_titles',
      'machines.*.sessions',
      'audit.agent-hub.>',
      ...watchBucket(signinBucket),
      readEntries(signinBucket),
      ...watchBucket(presenceBucket),
      readEntries(presenceBucket),
      ...writeBucket(presenceBucket),
      ...createConsumers(eventStream.name, ['auth.user.changed', 'auth.apikey.rotated']),
      ...pullFrom(eventStream.name),
      acknowledge(eventStream.name),
      ...replies(
        'machines.authorize',
        'machines.with_right',
        'machines.of_user',
        'machines.end_session',
        ...requestsAmongHubs,
      ),
    ],
    subscribe: [
      inbox('agent-hub'),
      'machines.authorize',
      'machines.with_right',
      'machines.of_user',
      'machines.end_session',
      ...requestsAmongHubs,
      'runs.*.changed',
      'machines.*.stats',
      'machines.*.access',
      machineSessionsWanted,
      ...replies(
        'auth.apikey.verify',
        'auth.token.use',
        'auth.users.find',
        'terminal.sessions.of_user',
        ...requestsAmongHubs,
      ),
    ],
  },
  terminal: {
    publish: [
      'auth.token.use',
      'auth.users.find',
      'machines.authorize',
      'machines.with_right',
      'machines.end_session',
      machineSessionsWanted,
      openTerminalsSubject,
      'audit.terminal.>',
      ...watchBucket(signinBucket),
      readEntries(signinBucket),
      ...watchBucket(presenceBucket),
      ...replies('terminal.sessions.of_user'),
    ],
    subscribe: [
      inbox('terminal'),
      'terminal.sessions.of_user',
      openTerminalsSubject,
      'machines.*.session_ended',
      'machines.*.session_titles',
      'machines.*.sessions',
      ...replies(
        'auth.token.use',
        'auth.users.find',
        'machines.authorize',
        'machines.with_right',
        'machines.end_session',
      ),
    ],
  },
};
