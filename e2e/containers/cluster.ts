import { createServer } from 'node:net';
import { DockerComposeEnvironment, Wait } from 'testcontainers';
import { eventually, Rest } from '../support/rest.ts';
import { Compose, type ComposeFiles, composeFiles } from './compose.ts';
import { imageTag } from './images.ts';

/** Programs of docker-compose.yml that end. */
const oneShots = ['secrets', 'init', 'demo-init'];

export interface ClusterOptions {
  /** Names containers, networks and volumes, so that it meets no other. */
  readonly project: string;
  readonly profiles: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: docker-compose.yml of this project. */
  readonly files?: ComposeFiles;
}

/** The whole of docker-compose.yml on a real engine, with the machine "demo". */
export interface Cluster {
  readonly compose: Compose;
  /** The variables of docker-compose.yml. */
  readonly environment: Readonly<Record<string, string>>;
  readonly url: string;
  readonly admin: { readonly email: string; readonly password: string };
  /** As the administrator. */
  readonly rest: Rest;
  /** Ends it; the volumes stay. */
  stop(): Promise<void>;
  /** Ends it, and nothing of it is left. */
  remove(): Promise<void>;
}

/** The first of `count` ports in a row that are free on loopback. */
const freePorts = async (count: number): Promise<number> => {
  const free = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const server = createServer().once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
  for (let first = 28_080; first < 29_000; first += count) {
    const each = await Promise.all(Array.from({ length: count }, (_, index) => free(first + index)));
    if (each.every(Boolean)) return first;
  }
  throw new Error('no free ports from 28080 on');
};

/** Builds the images and waits until everything is healthy. There may be two hubs: their ports are published. */
export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { project, profiles, files = composeFiles } = options;
  const port = await freePorts(3);
  const environment = {
    ...options.environment,
    COMPOSE_PROFILES: profiles.join(','),
    WEBXTERM_TAG: imageTag,
    WEBXTERM_PORT: String(port),
    WEBXTERM_GRPC_PORT: `${port + 1}-${port + 2}`,
    WEBXTERM_GRPC_ADDRESSES: `127.0.0.1:${port + 1},127.0.0.1:${port + 2}`,
  };
  const compose = new Compose(project, environment, files);
  let setUp = new DockerComposeEnvironment(files.folder, [...files.names])
    .withProjectName(project)
    .withEnvironment(environment)
    .withProfiles(...profiles)
    .withBuild()
    .withDefaultWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(600_000);
  for (const name of oneShots) setUp = setUp.withWaitStrategy(`${name}-1`, Wait.forOneShotStartup());
  const started = await setUp.up();
  const url = `http://127.0.0.1:${port}`;
  const admin = await compose.admin();
  // Healthy means that each is ready; on a busy machine the first request from one to the other may still come too late.
  const { token } = await eventually('the administrator signs in', () => new Rest(url).login(admin), 120_000);
  return {
    compose,
    environment,
    url,
    admin,
    rest: new Rest(url, token),
    stop: async () => void (await started.down({ removeVolumes: false, timeout: 30_000 })),
    remove: async () => void (await started.down({ removeVolumes: true, timeout: 30_000 })),
  };
};
