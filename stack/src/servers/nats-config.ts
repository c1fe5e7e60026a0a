import { type BusPermissions, type BusUser, busPermissions } from '@webxterm/contracts/bus';

export const busUsers: readonly BusUser[] = ['init', 'auth', 'agent-hub', 'terminal'];

export type BusPasswords = Readonly<Record<BusUser, string>>;

export interface NatsConfig {
  readonly port: number;
  /** Where it listens; loopback unless told. */
  readonly host?: string;
  /** Where it tells of its health, on loopback; nowhere unless told. */
  readonly monitorPort?: number;
  readonly storeFolder: string;
  readonly passwords: BusPasswords;
  /** Folder with tls.crt and tls.key as the server sees it: then it takes TLS only. */
  readonly tlsFolder?: string;
  /** Several servers that hold the streams together; each takes its own name from SERVER_NAME in its environment. */
  readonly cluster?: NatsCluster;
  /** Of the user who may ask the server to read its configuration again; without it nobody may. */
  readonly operatorPassword?: string;
}

export interface NatsCluster {
  /** Host names of all of them. */
  readonly hosts: readonly string[];
  /** What they show one another. */
  readonly password: string;
}

const routePort = 6222;

const maxPayloadBytes = 1024 * 1024;

/** JSON strings are strings of the server's configuration language too. */
const quoted = (text: string): string => JSON.stringify(text);
const listed = (subjects: readonly string[]): string => `[${subjects.map(quoted).join(', ')}]`;

const user = (name: BusUser, permissions: BusPermissions, password: string): string =>
  [
    '    {',
    `      user: ${quoted(name)}, password: ${quoted(password)}`,
    '      permissions: {',
    `        publish: { allow: ${listed(permissions.publish)} }`,
    `        subscribe: { allow: ${listed(permissions.subscribe)} }`,
    '      }',
    '    }',
  ].join('\n');

/** The users of the services, each with its own subjects and nothing else. For a server of one's own: include it there. */
export const renderNatsUsers = (passwords: BusPasswords): string =>
  [
    'authorization: {',
    '  users: [',
    ...busUsers.map((name) => user(name, busPermissions[name], passwords[name])),
    '  ]',
    '}',
    '',
  ].join('\n');

const renderTls = (folder: string): string[] => [
  'tls: {',
  `  cert_file: ${quoted(`${folder}/tls.crt`)}, key_file: ${quoted(`${folder}/tls.key`)}`,
  '  timeout: 5',
  '}',
];

/** The user of the system account that `reloadNats` signs in as. */
export const natsOperator = { user: 'operator', inboxPrefix: '_INBOX_operator' } as const;

export const reloadSubject = (serverId: string): string => `$SYS.REQ.SERVER.${serverId}.RELOAD`;

const renderOperator = (password: string): string[] => [
  'accounts: {',
  '  "$SYS": { users: [ {',
  `    user: ${quoted(natsOperator.user)}, password: ${quoted(password)}`,
  '    permissions: {',
  `      publish: { allow: ${listed([reloadSubject('*')])} }`,
  `      subscribe: { allow: ${listed([`${natsOperator.inboxPrefix}.>`])} }`,
  '    }',
  '  } ] }',
  '}',
];

const renderCluster = ({ hosts, password }: NatsCluster): string[] => [
  'cluster: {',
  `  name: "webxterm", listen: "0.0.0.0:${routePort}"`,
  `  authorization: { user: "route", password: ${quoted(password)} }`,
  `  routes: ${listed(hosts.map((host) => `nats-route://route:${password}@${host}:${routePort}`))}`,
  '}',
];

/** nats-server's configuration: JetStream on disk. Holds the passwords: a file of mode 0600. */
export const renderNatsConfig = (config: NatsConfig): string =>
  [
    `listen: ${quoted(`${config.host ?? '127.0.0.1'}:${config.port}`)}`,
    ...(config.monitorPort === undefined ? [] : [`http: "127.0.0.1:${config.monitorPort}"`]),
    // Not by --name: a server that was started with it refuses to read a file that says otherwise.
    `server_name: ${config.cluster === undefined ? '"webxterm"' : '$SERVER_NAME'}`,
    `max_payload: ${maxPayloadBytes}`,
    ...(config.tlsFolder === undefined ? [] : renderTls(config.tlsFolder)),
    'jetstream: {',
    `  store_dir: ${quoted(config.storeFolder)}`,
    '  max_memory_store: 64MB',
    '  max_file_store: 1GB',
    '}',
    ...(config.cluster === undefined ? [] : renderCluster(config.cluster)),
    ...(config.operatorPassword === undefined ? [] : renderOperator(config.operatorPassword)),
    renderNatsUsers(config.passwords),
  ].join('\n');
