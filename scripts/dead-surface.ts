import { readFileSync } from 'node:fs';

/** The text of a service, of what it shares with others, or of the agent: without tests and without what only tests use. */
export const sourceOf = (files: readonly string[]): string =>
  files
    .filter((path) => !/\.test\.ts$|\/testing\/|\/generated\//.test(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');

/** The patterns of source that publishes a subject, or reads it. */
export interface Use {
  readonly published: RegExp;
  readonly read: RegExp;
}

/** A request of the bus by the name of its definition. */
export const requestUse = (name: string): Use => ({
  published: new RegExp(`\\bask\\(\\s*[\\w.#]+,\\s*${name}\\b`),
  read: new RegExp(`\\banswer\\(\\s*[\\w.#]+,\\s*${name}\\b`),
});

export interface Rights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Subjects of ours: neither of NATS itself, nor inboxes and replies, nor the audit log's. */
const isOurs = (subject: string): boolean => !/^(\$|_INBOX|_REPLY|audit\.)/.test(subject);

/**
 * The faults of the subjects of these users: a right that its holder's text does not use, a subject without a publisher or a reader, one
 * whose use is not described. `streamed`: users who read a subject by a consumer in place of a subscription.
 */
export const deadSubjects = (
  rights: Readonly<Record<string, Rights>>,
  texts: Readonly<Record<string, string>>,
  uses: Readonly<Record<string, Use>>,
  streamed: Readonly<Record<string, readonly string[]>> = {},
): string[] => {
  const users = Object.entries(rights).map(([user, { publish, subscribe }]) => ({
    user,
    text: texts[user] ?? '',
    publishes: publish.filter(isOurs),
    reads: [...subscribe.filter(isOurs), ...(streamed[user] ?? [])],
  }));
  const unused = users.flatMap(({ user, text, publishes, reads }) => [
    ...publishes
      .filter((subject) => uses[subject]?.published.test(text) !== true)
      .map((subject) => `${user} does not publish ${subject}`),
    ...reads
      .filter((subject) => uses[subject]?.read.test(text) !== true)
      .map((subject) => `${user} reads no ${subject}`),
  ]);
  const nobody = Object.keys(uses).flatMap((subject) => [
    ...(users.some(({ publishes }) => publishes.includes(subject)) ? [] : [`no service may publish ${subject}`]),
    ...(users.some(({ reads }) => reads.includes(subject)) ? [] : [`no service may read ${subject}`]),
  ]);
  return [...unused, ...nobody];
};

/** A use of a stream or bucket in source, and the subjects on which the NATS client then calls the server. */
export interface StreamUse {
  readonly done: RegExp;
  readonly subjects: readonly string[];
}

/** The rights on subjects of NATS itself that this text needs, sorted. */
export const streamRights = (text: string, uses: readonly StreamUse[]): string[] => [
  ...new Set(uses.flatMap(({ done, subjects }) => (done.test(text) ? subjects : [])).toSorted()),
];

/** Names that stand in none of the texts as a string. */
export const neverNamed = (names: readonly string[], text: string): string[] =>
  names.filter((name) => !text.includes(`'${name}'`));
