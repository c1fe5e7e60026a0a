import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { certificateName } from '@webxterm/contracts/grpc';
import { certificateNames, extraOrigins, publicUrl, reachableHost } from './addresses.ts';
import { releaseFolder } from './agent-package/keep-published.ts';
import { currentCommit } from './current-commit.ts';
import { writePrivateFile } from './data-dir/private-files.ts';
import { reasonOf, StackFailure } from './failure.ts';
import type { CertificateRequest } from './pki/authority.ts';
import { keepAuthority, keepCertificate } from './pki/certificate-folders.ts';
import { freePort, requirePort } from './ports.ts';
import { projectFolder } from './project-folder.ts';
import { recordingKeys } from './secrets/recording-keys.ts';
import { signinKeys } from './secrets/signin-keys.ts';
import { busPasswords, type LocalServers, mongoPasswords, startLocalServers } from './servers/local-servers.ts';
import { foreignMongoUrl, localMongoUrl, type MongoUser } from './servers/mongo-users.ts';
import { declareBus } from './servers/nats.ts';
import { renderNatsUsers } from './servers/nats-config.ts';
import { waitUntilReady } from './services/health-wait.ts';
import { startAgent, startServices } from './services/run-services.ts';
import {
  hubAddresses,
  type PlanFacts,
  type PlannedTls,
  planServices,
  type ServicePorts,
} from './services/service-plan.ts';
import type { StackSettings } from './settings.ts';
import { adminEmail, StackRuntime } from './stack.ts';
import type { StackProcess } from './stack-file.ts';
import type { Reporter } from './supervision/reporter.ts';
import { buildWebUi } from './web-ui/build-web-ui.ts';

/** A ready stack. */
export interface Stack {
  readonly url: string;
  /** Addresses of the hubs for agents, host:port. */
  readonly grpc: readonly string[];
  /** PEM of the private CA if the stack uses TLS. */
  readonly ca: string | undefined;
  readonly admin: { readonly email: string; readonly password: string };
  /** The running processes. Changes when processes are restarted. */
  readonly processes: readonly StackProcess[];
  /** Resolves if the stack cannot continue and must be stopped. */
  readonly failed: Promise<StackFailure>;
  /** Kills one process by its name, such as terminal-1, nats or mongod. Resolves with the pid of its replacement. */
  kill(name: string, signal?: NodeJS.Signals): Promise<number>;
  restart(name: string): Promise<void>;
  /** Stops a process and does not restart it until `startProcess`. */
  stopProcess(name: string): Promise<void>;
  startProcess(name: string): Promise<void>;
  /** Stops all processes in order. */
  stop(): Promise<void>;
}

const choosePorts = async (settings: StackSettings): Promise<ServicePorts> => {
  const { host, port, grpcPort, replicas } = settings;
  const each = <T>(make: (index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: replicas }, (_, index) => make(index)));
  if (port !== 0) await requirePort(host, port, 'WEBXTERM_PORT');
  if (grpcPort !== 0) await each((index) => requirePort('127.0.0.1', grpcPort + index, 'WEBXTERM_GRPC_PORT'));
  const two = async () => ({ http: await freePort(), health: await freePort() });
  return {
    gateway: { http: port === 0 ? await freePort(host) : port, health: await freePort() },
    auth: await each(two),
    hub: await each(async (index) => ({
      ...(await two()),
      grpc: grpcPort === 0 ? await freePort() : grpcPort + index,
      internal: await freePort(),
    })),
    terminal: await each(two),
  };
};

const startServers = async (runtime: StackRuntime): Promise<LocalServers> => {
  const { settings, secrets, reporter } = runtime;
  const servers = await startLocalServers({
    dataDir: settings.dataDir,
    secrets,
    mongod: settings.mongoUrl === undefined,
    nats: settings.natsUrl === undefined,
    locate: {
      cacheFolder: settings.cacheDir,
      environment: settings.environment,
      say: (text) => reporter.say(text),
      signal: runtime.abort.signal,
    },
    watch: {
      onChange: (name, pid) => runtime.onChange(name, pid),
      onLine: (name, line) => runtime.onLine(name, line),
      onDeath: (text) => reporter.say(text),
    },
  });
  runtime.atStop('servers', () => servers.stop());
  for (const server of [servers.mongod, servers.nats])
    if (server !== undefined) runtime.add(server.process, server.port);
  return servers;
};

/** An external NATS must define the services' users, or no users at all. The file lists them for its operator. */
const useForeignNats = async (runtime: StackRuntime, url: string): Promise<void> => {
  const file = join(runtime.settings.dataDir, 'nats-users.conf');
  writePrivateFile(file, renderNatsUsers(busPasswords(runtime.secrets)));
  try {
    await declareBus(url, runtime.secrets.read('nats-init'));
  } catch (error) {
    throw new StackFailure(
      `${reasonOf(error)}. It needs JetStream, and the users in ${file}: include that file in its configuration`,
    );
  }
};

const mongoUrlOf = (runtime: StackRuntime, servers: LocalServers, user: MongoUser): string =>
  servers.mongod === undefined
    ? foreignMongoUrl(runtime.settings.mongoUrl ?? '', user)
    : localMongoUrl(servers.mongod.port, user, mongoPasswords(runtime.secrets)[user]);

const natsUrlOf = (runtime: StackRuntime, servers: LocalServers): string =>
  servers.nats === undefined ? (runtime.settings.natsUrl ?? '') : `127.0.0.1:${servers.nats.port}`;

const webUi = async (runtime: StackRuntime): Promise<string> => {
  const { settings, reporter } = runtime;
  try {
    return await buildWebUi({
      root: projectFolder,
      environment: settings.environment,
      signal: runtime.abort.signal,
      say: (text) => reporter.say(text),
    });
  } catch (error) {
    reporter.say(`the web UI could not be built, the gateway will say so: ${reasonOf(error)}`);
    return join(projectFolder, 'clients/web/dist');
  }
};

/** Ensures certificates of the installation's private CA for the public ports and the hub's internal port. */
const keepTls = async ({ settings }: StackRuntime): Promise<PlannedTls | undefined> => {
  const { host, dataDir } = settings;
  if (!settings.tls) return undefined;
  const folder = join(dataDir, 'tls');
  const now = Date.now();
  const authority = await keepAuthority(folder, now);
  const keep = async (name: string, names: readonly string[], usage: CertificateRequest['usage'] = 'server') => {
    await keepCertificate(join(folder, name), authority, { names, usage }, now);
    return join(folder, name);
  };
  return {
    gatewayFolder: await keep('gateway', certificateNames(host)),
    hubFolder: await keep('agent-hub', [certificateName.hubForAgents]),
    internal: {
      hub: await keep('agent-hub-internal', [certificateName.hub]),
      terminal: await keep('terminal-internal', [certificateName.terminal], 'client'),
    },
    caFile: join(folder, 'ca.crt'),
    hubHost: reachableHost(host),
  };
};

const planFacts = async (runtime: StackRuntime, servers: LocalServers, ports: ServicePorts): Promise<PlanFacts> => {
  const { settings, secrets } = runtime;
  const place = { host: settings.host, port: ports.gateway.http, tls: settings.tls };
  return {
    ports,
    host: settings.host,
    publicUrl: settings.publicUrl ?? publicUrl(place),
    // The listen address stays an allowed origin beside a public URL, because this machine's agent uses it.
    extraOrigins: [
      ...settings.extraOrigins,
      ...(settings.publicUrl === undefined ? [] : [publicUrl(place)]),
      ...extraOrigins(place),
    ],
    trustedProxies: settings.trustedProxies,
    tls: await keepTls(runtime),
    webDir: await webUi(runtime),
    agentDir: releaseFolder(settings.dataDir),
    adminEmail,
    signup: settings.signup,
    logLevel: settings.logLevel,
    tracing: settings.tracing,
    installationId: secrets.read('installation-id'),
    commit: currentCommit(settings.environment),
    natsUrl: natsUrlOf(runtime, servers),
    stackUser: userInfo().username,
    secretFile: (name) => secrets.file(name),
    recordingKeysFile: secrets.derived('recording-keys', recordingKeys(secrets.read('root-key'))),
    signinKeysFile: secrets.derived('signin-keys', signinKeys(secrets.read('root-key'))),
    mongoUrlFile: (user) => secrets.derived(`mongo-url-${user}`, mongoUrlOf(runtime, servers, user)),
  };
};

interface PublicFacts {
  readonly url: string;
  readonly grpc: readonly string[];
  readonly ca: string | undefined;
}

const bringUp = async (runtime: StackRuntime): Promise<PublicFacts> => {
  const { settings, abort } = runtime;
  await runtime.endStale();
  const ports = await choosePorts(settings);
  abort.signal.throwIfAborted();
  const servers = await startServers(runtime);
  abort.signal.throwIfAborted();
  if (settings.natsUrl !== undefined) await useForeignNats(runtime, settings.natsUrl);
  const facts = await planFacts(runtime, servers, ports);
  abort.signal.throwIfAborted();
  const planned = planServices(facts);
  await startServices(runtime, planned);
  const probed = planned.map(({ name, healthPort }) => ({ name, healthPort, tail: () => runtime.log(name).tail(5) }));
  await Promise.race([waitUntilReady(probed, abort.signal), runtime.failed.then((failure) => Promise.reject(failure))]);
  const ca = facts.tls === undefined ? undefined : readFileSync(facts.tls.caFile, 'utf8');
  const place = { host: settings.host, port: ports.gateway.http, tls: settings.tls };
  // Not through the public URL, because a proxy in front of this machine may not be available yet.
  if (settings.agent) await startAgent(runtime, { url: publicUrl(place), ca: ca === undefined ? undefined : [ca] }, ca);
  return { url: facts.publicUrl, grpc: hubAddresses(facts), ca };
};

/** A starting stack, which can be stopped before it is ready. */
export interface StartingStack {
  /** @throws StackFailure; then all processes have been stopped */
  readonly ready: Promise<Stack>;
  stop(): Promise<void>;
  /** Kills all processes at once, in no order. */
  kill(): void;
}

const asStack = (runtime: StackRuntime, facts: PublicFacts): Stack => ({
  ...facts,
  admin: runtime.admin,
  failed: runtime.failed,
  get processes() {
    return runtime.processes;
  },
  kill: (name, signal) => runtime.find(name).kill(signal),
  restart: (name) => runtime.find(name).restart(),
  stopProcess: (name) => runtime.find(name).stop(),
  startProcess: (name) => runtime.find(name).start(),
  stop: () => runtime.stop(),
});

/**
 * Starts mongod, nats-server, the services and this machine's agent.
 * @throws StackFailure if the data folder cannot be used or another stack uses it
 */
export const beginStack = (settings: StackSettings, reporter: Reporter): StartingStack => {
  const runtime = new StackRuntime(settings, reporter);
  const start = async (): Promise<Stack> => {
    try {
      const facts = await bringUp(runtime);
      runtime.publish(facts);
      return asStack(runtime, facts);
    } catch (error) {
      await runtime.stop();
      throw error;
    }
  };
  const ready = start();
  const stop = async (): Promise<void> => {
    runtime.abort.abort(new StackFailure('stopped before it was ready'));
    await ready.catch(() => {}); // the failed start itself stops what it has started
    await runtime.stop();
  };
  return { ready, stop, kill: () => runtime.kill() };
};
