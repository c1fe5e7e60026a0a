import { BlockList, isIP } from 'node:net';
import { splitHostAndPort, withoutBrackets } from '@webxterm/contracts/host-and-port';
import { isLoopback } from '@webxterm/contracts/loopback';
import { http } from './node-http.ts';

/** An HTTP proxy used with CONNECT. */
export type HttpProxy = {
  /** With the login, if the proxy needs one: `http://user:password@host:port`. */
  url: string;
  /** host:port */
  address: string;
  /** user:password */
  credentials: string | undefined;
};

export type ProxySettings = { proxy?: string | undefined; no_proxy?: string | undefined };

/** `10.0.0.0/8`, `fd00::/8` */
const isInRange = (host: string, range: string): boolean => {
  const [network = '', bits = ''] = range.split('/');
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(network) === 0 || !/^\d{1,3}$/.test(bits) || isIP(host) !== isIP(network)) return false;
  if (Number(bits) > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(host, family);
};

/** Whether NO_PROXY matches: `*`, a host and its subdomains, with or without a port, an address or a range of addresses. */
export const isExcluded = (host: string, port: number, noProxy: string): boolean =>
  noProxy.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    if (entry.includes('/')) return isInRange(host, entry);
    const [, name = '', wantedPort] = /^(\[[^\]]+\]|[^:]*|[0-9A-Fa-f:]+:[0-9A-Fa-f:]*)(?::(\d+))?$/.exec(entry) ?? [];
    if (name === '' || (wantedPort !== undefined && Number(wantedPort) !== port)) return false;
    const domain = withoutBrackets(name)
      .replace(/^\*?\./, '')
      .toLowerCase();
    return host.toLowerCase() === domain || (isIP(host) === 0 && host.toLowerCase().endsWith(`.${domain}`));
  });

/** The proxy for `host:port`. Undefined: connect directly, as always for loopback. */
export const proxyFor = (target: string, settings: ProxySettings): HttpProxy | undefined => {
  const { proxy, no_proxy: noProxy = '' } = settings;
  const { host, port: targetPort } = splitHostAndPort(target);
  if (proxy === undefined || isLoopback(host) || isExcluded(host, targetPort, noProxy)) return undefined;
  const { username, password, hostname, port } = new URL(proxy);
  const credentials = username === '' ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: proxy, address: `${hostname}:${port || 80}`, credentials };
};

const probeWithinMs = 5000;

/** Why the proxy rejects CONNECT, as a sentence for the user. Undefined if the proxy connects, so the problem is elsewhere. */
export const whyNotThrough = ({ address, credentials }: HttpProxy, target: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const auth = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
    const connect = http.request({
      ...splitHostAndPort(address),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...(auth === undefined ? {} : { 'proxy-authorization': auth }) },
      agent: false,
      signal: AbortSignal.timeout(probeWithinMs),
    });
    connect.on('connect', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode === 200 ? undefined : refusal(address, target, response.statusCode ?? 0));
    });
    connect.on('response', (response) => {
      response.destroy();
      resolve(refusal(address, target, response.statusCode ?? 0));
    });
    connect.on('error', (error) => resolve(`The proxy ${address} cannot be reached: ${error.message}.`));
    connect.end();
  });

const refusal = (address: string, target: string, status: number): string =>
  status === 407
    ? `The proxy ${address} wants a user and a password, or others than those given: --proxy http://user:password@${address}`
    : `The proxy ${address} answered ${status} to CONNECT ${target}.`;
