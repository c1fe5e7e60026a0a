import { ForwardQuery } from '@webxterm/contracts/rest';
import { exitCode, Failure } from '../failure.ts';

/** An address here, and the target on the machine. */
export interface LocalForward {
  readonly bind: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly host: string;
  readonly hostPort: number;
}

/** Splits at colons, except inside brackets, which are removed. */
const fields = (text: string): string[] =>
  (text.match(/\[[^\]]*\]|[^:]+|(?<=:)(?=:)|^(?=:)|(?<=:)$/g) ?? []).map((field) => field.replace(/^\[(.*)\]$/, '$1'));

const portOf = (text: string | undefined, least: number): number | undefined => {
  const port = Number(text);
  return /^\d{1,5}$/.test(text ?? '') && port >= least && port <= 65_535 ? port : undefined;
};

/** Whether the server takes it as the host of a forwarded connection. */
export const isHost = (text: string): boolean => ForwardQuery.shape.host.safeParse(text).success;

/** `[bind:]port:host:hostport` of -L, as of ssh. @throws Failure */
export const readLocalForward = (text: string): LocalForward => {
  const given = fields(text);
  const [bind = '', here, host = '', there] = given.length === 3 ? ['127.0.0.1', ...given] : given;
  const [port, hostPort] = [portOf(here, 0), portOf(there, 1)];
  if (given.length < 3 || given.length > 4 || port === undefined || hostPort === undefined || !isHost(host))
    throw new Failure(`-L is PORT:HOST:PORT or ADDRESS:PORT:HOST:PORT, not ${text}.`, exitCode.usage);
  return { bind: bind === '*' ? '::' : bind, port, host, hostPort };
};

/** `host:port` of -W. @throws Failure */
export const readTarget = (text: string): Pick<LocalForward, 'host' | 'hostPort'> => {
  const [host = '', port, ...more] = fields(text);
  const hostPort = portOf(port, 1);
  if (hostPort === undefined || more.length > 0 || !isHost(host))
    throw new Failure(`-W is HOST:PORT, not ${text}.`, exitCode.usage);
  return { host, hostPort };
};

/** `[bind:]port` of -D. @throws Failure */
export const readDynamicForward = (text: string): Pick<LocalForward, 'bind' | 'port'> => {
  const given = fields(text);
  const [bind = '', here, ...more] = given.length === 1 ? ['127.0.0.1', ...given] : given;
  const port = portOf(here, 0);
  if (port === undefined || more.length > 0)
    throw new Failure(`-D is PORT or ADDRESS:PORT, not ${text}.`, exitCode.usage);
  return { bind: bind === '*' ? '::' : bind, port };
};
