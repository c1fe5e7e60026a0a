import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as bus from '@webxterm/contracts/bus';
import { errorCatalog } from '@webxterm/contracts/errors';
import { auditActionNames, auditActions } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import {
  deadSubjects,
  neverNamed,
  requestUse,
  type StreamUse,
  sourceOf,
  streamRights,
  type Use,
} from './dead-surface.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const textIn = (...folders: string[]): string =>
  sourceOf(
    execFileSync('git', ['ls-files', '--', ...folders.map((folder) => `${folder}/*.ts`)], {
      cwd: root,
      encoding: 'utf8',
    })
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => join(root, path)),
  );

const services = ['auth', 'agent-hub', 'terminal'] as const;
const texts = Object.fromEntries(services.map((service) => [service, textIn(`services/${service}/src`)]));
const shared = textIn('libs/shared/src');

/** Requests of the bus by their names. That of a hub has the hub's id in its subject. */
const requests = Object.entries<unknown>({
  ...bus,
  commandAtHub: bus.commandAtHub('*'),
  runTargetAtHub: bus.runTargetAtHub('*'),
}).flatMap(([name, value]) =>
  typeof value === 'object' && value !== null && 'queue' in value && 'subject' in value
    ? [[String(value.subject), requestUse(name)] as const]
    : [],
);

/** All other subjects that are published and read. Events of auth are named by their subjects. */
const uses: Readonly<Record<string, Use>> = {
  ...Object.fromEntries(requests),
  // By the function of libs/shared too.
  [bus.findUsers.subject]: {
    published: /\bask\([^,()]*, findUsers,|\bfindUser\(/,
    read: /\banswer\([^,()]*, findUsers,/,
  },
  ...Object.fromEntries(
    Object.keys(bus.authEvents).map((subject) => [
      subject,
      { published: new RegExp(`subject: '${subject}'`), read: new RegExp(`const subject = '${subject}'`) },
    ]),
  ),
  [bus.machineStatsWildcard]: { published: /machineSubject\([^)]*'stats'\)/, read: /subscribe\(machineStatsWildcard/ },
  [bus.machineAccessWildcard]: {
    published: /machineSubject\([^)]*'access'\)/,
    read: /subscribe\(machineAccessWildcard/,
  },
  [bus.runChangedWildcard]: { published: /publish\(runChangedSubject\(/, read: /subscribe\(runChangedWildcard/ },
  [bus.sessionEndedWildcard]: { published: /sessionEndedSubject\(/, read: /follow\(sessionEndedWildcard/ },
  [bus.sessionTitlesWildcard]: { published: /sessionTitlesSubject\(/, read: /follow\(sessionTitlesWildcard/ },
  [bus.machineSessionsWildcard]: { published: /machineSessionsSubject\(/, read: /follow\(machineSessionsWildcard/ },
  [bus.machineSessionsWanted]: {
    published: /publish\(machineSessionsWanted/,
    read: /subscribe\(machineSessionsWanted/,
  },
  [bus.openTerminalsSubject]: { published: /publish\(openTerminalsSubject/, read: /channel = openTerminalsSubject/ },
  [bus.checkpointSubject]: { published: /publish\(checkpointSubject/, read: /channel: checkpointSubject/ },
};

/** Subjects that a user reads by a consumer, by its rights. */
const streamed = Object.fromEntries(
  services.map((user) => {
    const created = `$JS.API.CONSUMER.CREATE.${bus.eventStream.name}.*.`;
    const read = bus.busPermissions[user].publish.filter((subject) => subject.startsWith(created));
    const checkpoints = `$JS.API.CONSUMER.CREATE.${bus.checkpointStream.name}.*`;
    const all = bus.busPermissions[user].publish.includes(checkpoints) ? [bus.checkpointSubject] : [];
    return [user, [...read.map((subject) => subject.slice(created.length)), ...all]];
  }),
);

/** Published by the previous version during a rolling upgrade. Remove with the next version, and here. */
const ofVersionBefore = ['auth does not publish auth.signin.revoked'];

const api = (call: string, stream: string, rest = ''): string => `$JS.API.${call}.${stream}${rest}`;
const pulled = (stream: string): string[] => [
  api('CONSUMER.INFO', stream, '.>'),
  api('CONSUMER.MSG.NEXT', stream, '.>'),
];
const watched = (bucket: string): string[] => [
  api('STREAM.INFO', `KV_${bucket}`),
  api('CONSUMER.CREATE', `KV_${bucket}`, `.*.$KV.${bucket}.>`),
  api('CONSUMER.DELETE', `KV_${bucket}`, '.>'),
  `$JS.FC.KV_${bucket}.>`,
];
const allStreams = [
  `KV_${bus.signinBucket}`,
  `KV_${bus.presenceBucket}`,
  ...[bus.eventStream, bus.auditStream, bus.checkpointStream].map(({ name }) => name),
];

/**
 * The calls of the client (@nats-io/jetstream and kv 3) for each use, as a trace of nats-server 2.15 shows them in the integration tests. Only
 * the deletion of a consumer and flow control are from its source: they need a message that is missed, and a slow reader.
 */
const streamUses: readonly StreamUse[] = [
  {
    done: /new AllowList\(/,
    subjects: [...watched(bus.signinBucket), api('STREAM.MSG.GET', `KV_${bus.signinBucket}`)],
  },
  { done: /new PresenceView\(/, subjects: watched(bus.presenceBucket) },
  { done: /new ListBucket\(/, subjects: [`$KV.${bus.signinBucket}.>`] },
  { done: /bucket\.get\(agentKey\(/, subjects: [api('STREAM.MSG.GET', `KV_${bus.presenceBucket}`)] },
  { done: /bucket\.delete\(agentKey\(/, subjects: [`$KV.${bus.presenceBucket}.>`] },
  ...Object.keys(bus.authEvents).map((subject) => ({
    done: new RegExp(`const subject = '${subject}'[\\s\\S]*followEvents\\(`),
    subjects: [
      api('CONSUMER.CREATE', bus.eventStream.name, `.*.${subject}`),
      ...pulled(bus.eventStream.name),
      `$JS.ACK.${bus.eventStream.name}.>`,
    ],
  })),
  {
    done: /new AuditWriter\(/,
    subjects: [
      api('CONSUMER.CREATE', bus.auditStream.name, `.${bus.auditConsumer}`),
      ...pulled(bus.auditStream.name),
      `$JS.ACK.${bus.auditStream.name}.>`,
    ],
  },
  {
    done: /new CheckpointReader\(/,
    subjects: [api('CONSUMER.CREATE', bus.checkpointStream.name, '.*'), ...pulled(bus.checkpointStream.name)],
  },
  {
    done: /declareStreams\(/,
    subjects: ['$JS.API.INFO', ...allStreams.flatMap((name) => [api('STREAM.CREATE', name), api('STREAM.INFO', name)])],
  },
];

describe('the declared surface', () => {
  it('has no subject of the bus without a publisher and a reader, and no right that its service does not use', () => {
    const rights = Object.fromEntries(services.map((user) => [user, bus.busPermissions[user]]));
    expect(deadSubjects(rights, texts, uses, streamed)).toEqual(ofVersionBefore);
  });

  it('lets each service send and answer exactly the requests that it sends and answers', () => {
    for (const user of services) {
      const { publish, subscribe } = bus.busPermissions[user];
      const asked = new Set(requests.map(([subject]) => subject));
      const replies = (rights: readonly string[]) => rights.filter((right) => right.startsWith('_REPLY.')).sort();
      const repliesTo = (rights: readonly string[]) =>
        rights
          .filter((right) => asked.has(right))
          .map((subject) => bus.replySubject(subject, '>'))
          .sort();
      expect(replies(publish)).toEqual(repliesTo(subscribe));
      expect(replies(subscribe)).toEqual(repliesTo(publish));
    }
  });

  it.each(services)('lets %s call JetStream exactly as it does', (user) => {
    const { publish, subscribe } = bus.busPermissions[user];
    const given = publish.filter((subject) => subject.startsWith('$')).toSorted();
    expect([...new Set(given)]).toEqual(streamRights(texts[user] ?? '', streamUses));
    expect(subscribe.filter((subject) => subject.startsWith('$'))).toEqual([]);
  });

  it('has no unused error code', () => {
    const raised = [...Object.values(texts), shared, textIn('services/gateway/src', 'clients/agent/src')].join('\n');
    expect(neverNamed(Object.keys(errorCatalog), raised)).toEqual([]);
  });

  it('has no audited action that its service does not record', () => {
    for (const service of services) {
      const own = auditActionNames.filter((action) => auditActions[action] === service);
      expect(neverNamed(own, `${texts[service]}\n${shared}`)).toEqual([]);
    }
  });
});

describe('the search for a dead surface', () => {
  const use = { published: /publish\(one/, read: /subscribe\(one/ };

  it('names a subject without a reader, one without a publisher, and a right that is not used', () => {
    const rights = { a: { publish: ['one', 'two', '$JS.API.INFO'], subscribe: ['_INBOX_a.>'] } };
    expect(deadSubjects(rights, { a: 'bus.publish(one)' }, { one: use, three: use })).toEqual([
      'a does not publish two',
      'no service may read one',
      'no service may publish three',
      'no service may read three',
    ]);
    const both = { ...rights, b: { publish: [], subscribe: ['one', 'two'] } };
    expect(deadSubjects(both, { a: 'publish(one)', b: '' }, { one: use })).toEqual([
      'a does not publish two',
      'b reads no one',
      'b reads no two',
    ]);
  });

  it('derives the rights on JetStream from what the text does, each once', () => {
    const uses = [
      { done: /watch\(/, subjects: ['$JS.b', '$JS.a'] },
      { done: /get\(/, subjects: ['$JS.c'] },
      { done: /keep\(/, subjects: ['$JS.a'] },
    ];
    expect(streamRights('watch(bucket); keep(bucket)', uses)).toEqual(['$JS.a', '$JS.b']);
    expect(streamRights('', uses)).toEqual([]);
  });

  it('names an unused code and an unused action', () => {
    expect(neverNamed(['taken', 'left'], "throw new AppError('taken')")).toEqual(['left']);
  });
});
