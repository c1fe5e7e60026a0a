import { authEvents, type BusPermissions, busPermissions, replySubject } from '@webxterm/contracts/bus';
import { frameType } from '@webxterm/contracts/frames';
import { allRoutes } from '@webxterm/contracts/rest';
import { defaultKind, sessionKinds } from '@webxterm/contracts/session-kinds';
import { describeSettings } from '@webxterm/shared';
import { filesOf, read as readFile } from './markdown-links.ts';
import { programs } from './settings-page.ts';

// The lists of CONTRIBUTING.md, "How to add": for everything that exists, the artefact of each step. Each function says what is missing.

export interface Checked {
  /** How many things were looked at. */
  readonly count: number;
  readonly missing: readonly string[];
}

const isTest = (file: string): boolean => /\.test\.tsx?$|\/testing\//.test(file);
/** The text of a file. A test hands in one that lacks something. */
type Read = (file: string) => string;

const textOf = (files: readonly string[], read: Read): string => files.map(read).join('\n');
const sourcesOf = (folder: string, read: Read): string =>
  textOf(
    filesOf(`${folder}/*.ts`).filter((file) => !isTest(file)),
    read,
  );
const missingOf = (checks: readonly (readonly [present: boolean, what: string])[]): string[] =>
  checks.flatMap(([present, what]) => (present ? [] : [what]));

export const checkRoutes = (read: Read = readFile): Checked => {
  const contracts = textOf(
    filesOf('libs/contracts/src/rest/*.ts').filter((file) => !isTest(file)),
    read,
  );
  const rules = textOf(filesOf('e2e/security/rules/*.ts'), read);
  const services = new Map(
    [...new Set(allRoutes.map(({ owner }) => owner))].map((owner) => [owner, sourcesOf(`services/${owner}/src`, read)]),
  );
  const missing = allRoutes.flatMap(({ id, owner }) => {
    const constant = new RegExp(`export const (\\w+) = defineRoute\\(\\{\\s+id: '${id}'`).exec(contracts)?.[1];
    if (constant === undefined) return [`route ${id}: no defineRoute in libs/contracts/src/rest`];
    return missingOf([
      [new RegExp(`\\b${constant}\\b`).test(services.get(owner) ?? ''), `route ${id}: no handler in services/${owner}`],
      [new RegExp(`\\b${id}\\b`).test(rules), `route ${id}: no rule in e2e/security/rules`],
    ]);
  });
  return { count: allRoutes.length, missing };
};

/** The sources in which a frame of each direction must have a branch. */
const receiversOf = (type: number): readonly string[] =>
  (type & 0x40) === 0
    ? ['clients/agent/src/attachment/attachment.ts', 'services/terminal/src/websocket/v1-viewer.ts']
    : ['libs/terminal-client/src/terminal-client.ts', 'libs/terminal-client/src/connection.ts'];

/** The client need not read the answer to its hello while there is one version of the protocol. Only recorders get times. */
const unread: ReadonlySet<string> = new Set(['downHello', 'times']);

/** The `type` of a decoded frame: `input_ack` for `inputAck`. */
const decodedName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export const checkFrames = (read: Read = readFile): Checked => {
  const page = read('docs/protocol.md');
  const golden = read('libs/contracts/src/frames/frames.test.ts');
  const codecs = read('libs/contracts/src/frames/up-codec.ts') + read('libs/contracts/src/frames/down-codec.ts');
  const types = Object.entries(frameType);
  const missing = types.flatMap(([name, type]) => {
    const hex = type.toString(16).padStart(2, '0');
    const handled = new RegExp(`(?:case|\\.type ===) '${decodedName(name)}'`);
    const receivers = receiversOf(type);
    return missingOf([
      [codecs.split(`frameType.${name}`).length > 2, `frame ${name}: not encoded and decoded in a codec`],
      [page.includes(`| \`${hex}\` |`), `frame ${name}: no row \`${hex}\` in docs/protocol.md`],
      [new RegExp(`^${hex} `, 'm').test(page), `frame ${name}: no bytes in docs/protocol.md`],
      [new RegExp(`['"\`]${hex}`).test(golden), `frame ${name}: no golden bytes in frames.test.ts`],
      [
        unread.has(name) || receivers.some((file) => handled.test(read(file))),
        `frame ${name}: not handled in ${receivers.join(' or ')}`,
      ],
    ]);
  });
  return { count: types.length, missing };
};

export const checkKinds = (read: Read = readFile): Checked => {
  const page = read('docs/protocol.md');
  const agent = sourcesOf('clients/agent/src', read);
  const tests = textOf(filesOf('clients/agent/src/*.integration.test.ts'), read);
  const missing = [...sessionKinds].flatMap(([kind, rights]) => {
    const named = rights.map((right) => `\`${right}\``).join(', ');
    return missingOf([
      [agent.includes(`name: '${kind}'`), `kind ${kind}: no SessionKind in clients/agent/src`],
      [
        page.includes(`| \`${kind}\` | ${named} |`),
        `kind ${kind}: no row with the rights ${named} in docs/protocol.md`,
      ],
      [
        kind === defaultKind || tests.includes(`kind: '${kind}'`),
        `kind ${kind}: not opened in an integration test of the agent`,
      ],
    ]);
  });
  return { count: sessionKinds.size, missing };
};

/** Whether a subject may fit both patterns of NATS. */
const overlap = (one: string, other: string): boolean => {
  const [left, right] = [one.split('.'), other.split('.')];
  const end = [left.indexOf('>'), right.indexOf('>')].filter((at) => at !== -1);
  if (end.length === 0 && left.length !== right.length) return false;
  const compared = Math.min(left.length, right.length, ...end);
  return left.slice(0, compared).every((part, at) => part === '*' || right[at] === '*' || part === right[at]);
};

export const checkSubjects = (
  read: Read = readFile,
  permissions: Readonly<Record<string, BusPermissions>> = busPermissions,
): Checked => {
  const text = textOf(
    filesOf('libs/contracts/src/bus/*.ts').filter((file) => !isTest(file)),
    read,
  );
  const subjectsOf = (matches: Iterable<RegExpMatchArray>): string[] =>
    [...matches].map(([, subject = '']) => subject.replace(/\$\{\w+\}/g, '*'));
  const requests = subjectsOf(text.matchAll(/defineRequest\(\{\s+subject: ['`]([^'`]+)['`]/g));
  const news = subjectsOf(
    text.matchAll(/export const (?!reply)\w+Subject\b[^=]*= (?:\([^)]*\)[^=]*=>\s*)?['`]([^'`]+)['`]/g),
  );
  const users = Object.values(permissions);
  const may = (right: 'publish' | 'subscribe', subject: string): boolean =>
    users.some((user) => user[right].some((pattern) => !pattern.startsWith('$') && overlap(pattern, subject)));
  const missing = [...requests, ...news, ...requests.map((subject) => replySubject(subject, '>'))].flatMap((subject) =>
    missingOf([
      [may('publish', subject), `subject ${subject}: nobody may publish it (permissions.ts)`],
      // Streams of NATS read what is audited.
      [
        subject.startsWith('audit.') || may('subscribe', subject),
        `subject ${subject}: nobody may subscribe to it (permissions.ts)`,
      ],
    ]),
  );
  return { count: requests.length + news.length, missing };
};

/** Each event of auth: the service that publishes it, its permission, and a reader in another service. */
export const checkAuthEvents = (
  read: Read = readFile,
  permissions: Readonly<Record<string, BusPermissions>> = busPermissions,
): Checked => {
  const publisher = sourcesOf('services/auth/src', read);
  const readers = ['agent-hub', 'terminal', 'gateway'].map((service) => sourcesOf(`services/${service}/src`, read));
  const subjects = Object.keys(authEvents);
  const missing = subjects.flatMap((subject) =>
    missingOf([
      [publisher.includes(`subject: '${subject}'`), `event ${subject}: not published in services/auth`],
      [readers.some((source) => source.includes(`subject = '${subject}'`)), `event ${subject}: no service reads it`],
      [
        permissions.auth?.publish.some((pattern) => overlap(pattern, subject)) === true,
        `event ${subject}: auth may not publish it (permissions.ts)`,
      ],
    ]),
  );
  return { count: subjects.length, missing };
};

export const checkAgentMessages = (read: Read = readFile): Checked => {
  const proto = read('libs/contracts/proto/vsay/agent/v1/agent.proto');
  const sides = ['clients/agent/src', 'services/agent-hub/src'].map(
    (folder) => [folder, sourcesOf(folder, read)] as const,
  );
  const names = ['AgentMessage', 'ServerMessage'].flatMap((message) => {
    const members = new RegExp(`message ${message} \\{\\s+oneof message \\{([^}]*)\\}`).exec(proto)?.[1] ?? '';
    return [...members.matchAll(/^\s+\w+ (\w+) = \d+;/gm)].map(([, name = '']) => name);
  });
  const missing = names.flatMap((name) => {
    const field = name.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
    return missingOf(
      sides.map(([folder, source]) => [
        new RegExp(`['"]${field}['"]`).test(source),
        `message ${name}: not in ${folder}`,
      ]),
    );
  });
  return { count: names.length, missing };
};

export const checkSettings = (read: Read = readFile): Checked => {
  const places = [
    ['stack/src/services/service-plan.ts', read('stack/src/services/service-plan.ts')],
    ['docker-compose.yml', read('docker-compose.yml') + read('Dockerfile')],
    ['k8s', textOf(filesOf('k8s/*.yaml'), read) + read('Dockerfile')],
  ] as const;
  const required = programs.flatMap(({ name, shape }) =>
    describeSettings(shape).flatMap((setting) => (setting.required ? [{ program: name, name: setting.name }] : [])),
  );
  const missing = required.flatMap(({ program, name }) =>
    missingOf(
      places.map(([place, text]) => [
        new RegExp(`\\b${name}(_FILE)?\\b`).test(text),
        `setting ${name} of ${program}: not given in ${place}`,
      ]),
    ),
  );
  return { count: required.length, missing };
};

/** Collections that a source declares, by name. */
const collectionsIn = (source: string): string[] =>
  [
    ...source
      .replace(/\s+/g, ' ')
      .matchAll(
        /\.model(?:<[^(]*>)?\( ?'[^']+', \w+, '([a-z_]+)'|\bcollection: '([a-z_]+)'|\bdb\.collection(?:<\w+>)?\('([a-z_]+)'/g,
      ),
  ].map(([, third, option, plain]) => third ?? option ?? plain ?? '');

const folderOf = (owner: string): string => (owner === 'each' ? 'libs/shared/src' : `services/${owner}/src`);

export const checkCollections = (read: Read = readFile): Checked => {
  const section = /\n## Collections\n([\s\S]*?)\n## /.exec(read('CONTRIBUTING.md'))?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` \| ([\w-]+) \|/gm)].map(
    ([, name = '', owner = '']) => `${name} of ${owner}`,
  );
  const declared = ['auth', 'agent-hub', 'terminal', 'gateway', 'each'].flatMap((owner) =>
    collectionsIn(sourcesOf(folderOf(owner), read)).map((name) => `${name} of ${owner}`),
  );
  return {
    count: declared.length,
    missing: [
      ...declared.filter((line) => !rows.includes(line)).map((line) => `collection ${line}: not in CONTRIBUTING.md`),
      ...rows.filter((line) => !declared.includes(line)).map((line) => `collection ${line}: in CONTRIBUTING.md only`),
    ],
  };
};
