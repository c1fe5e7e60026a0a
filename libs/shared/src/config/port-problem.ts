import { ConfigError } from './config.ts';

/** The address of a server and the prefix of its settings. */
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

/** A ConfigError that names the setting which keeps a server from listening. Returns any other error unchanged. */
export const portProblem = (error: Error, at: ListenAt): Error => {
  // gRPC reports the code only in its message.
  const code = Object.keys(ways).find(
    (known) => ('code' in error && error.code === known) || error.message.includes(known),
  );
  const way = code === undefined ? undefined : ways[code];
  return way === undefined ? error : new ConfigError('the service', [way(at)]);
};
