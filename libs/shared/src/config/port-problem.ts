import { ConfigError } from './config.ts';

/** Where a server was to listen, and the settings that say so. */
export interface ListenAt {
  readonly host: string;
  readonly port: number;
  /** `HTTP`: the settings are HTTP_HOST and HTTP_PORT. */
  readonly setting: string;
}

const ways: Record<string, (at: ListenAt) => string> = {
  EADDRINUSE: ({ host, port, setting }) =>
    `${setting}_PORT: port ${port} on ${host} is in use by another program; end that program or choose another port`,
  EACCES: ({ port, setting }) =>
    `${setting}_PORT: port ${port} needs rights that this user does not have; choose one from 1024 on`,
  EADDRNOTAVAIL: ({ host, setting }) => `${setting}_HOST: ${host} is not an address of this machine`,
  ENOTFOUND: ({ host, setting }) => `${setting}_HOST: ${host} is not an address of this machine`,
};

/** Says which setting keeps a server from listening; every other error comes back as it is. */
export const portProblem = (error: Error, at: ListenAt): Error => {
  // gRPC gives the code in its message only.
  const code = Object.keys(ways).find(
    (known) => ('code' in error && error.code === known) || error.message.includes(known),
  );
  const way = code === undefined ? undefined : ways[code];
  return way === undefined ? error : new ConfigError('the service', [way(at)]);
};
