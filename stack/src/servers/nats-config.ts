import { type BusPermissions, type BusUser, busPermissions } from '@webxterm/contracts/bus';

export const busUsers: readonly BusUser[] = ['init', 'auth', 'agent-hub', 'terminal'];

export type BusPasswords = Readonly<Record<BusUser, string>>;

export interface NatsConfig {
  readonly port: number;
  /** Listen address. Default: loopback. */
  readonly host?: string;
  /** Port of the health endpoint, on loopback. Undefined: no endpoint. */
  readonly monitorPort?: number;
  readonly storeFolder: string;
  readonly passwords: BusPasswords;
  /** Folder with tls.crt and tls.key, as the server sees it. If set, the server accepts only TLS. */
  readonly tlsFolder?: string;
  /** A cluster that replicates the streams. Each server reads its name from SERVER_NAME in its environment. */
  readonly cluster?: NatsCluster;
  /** Password of the user that may make the server reload its configuration. Undefined: no such user. */
  readonly operatorPassword?: string;
}

export interface NatsCluster {
  /** Host names of all servers. */
  readonly hosts: readonly string[];
  /** Password of the servers among themselves. */
  readonly password: string;
}

const routePort = 6222;

const maxPayloadBytes = 1024 * 1024;

/** JSON strings are valid strings in the server's configuration language. */
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

/** The users of the services, each with permissions for its own subjects only. An external server includes this file. */
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

/** The user of the system account with which `reloadNats` signs in. */
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

/** Configuration of nats-server with JetStream on disk. It contains the passwords, so its file needs mode 0600. */
export const renderNatsConfig = (config: NatsConfig): string =>
  [
    `listen: ${quoted(`${config.host ?? '127.0.0.1'}:${config.port}`)}`,
    ...(config.monitorPort === undefined ? [] : [`http: "127.0.0.1:${config.monitorPort}"`]),
    // Not set by --name, because a server started with --name rejects a file with another name.
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
