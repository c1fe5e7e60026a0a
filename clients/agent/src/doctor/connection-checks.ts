import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { splitHostAndPort } from '@webxterm/contracts/host-and-port';
import type { AgentConfig } from '../configuration/agent-config.ts';
import { describeError } from '../failure.ts';
import { discover, type HubAddresses, hubAddresses, isTrustworthy } from '../link/addresses.ts';
import { askHost, fingerprintOf } from '../link/ask-host.ts';
import { wrongClock } from '../link/clock.ts';
import { reasonOfSilence } from '../link/dial.ts';
import { HubConnection } from '../link/hub-connection.ts';
import { type ProxySettings, proxyFor, whyNotThrough } from '../link/proxy.ts';
import { type Check, check, failure, type Outcome, ok, warning } from './check.ts';

const timeoutMs = 5000;

const resolves = async (host: string): Promise<Outcome> => {
  if (isIP(host) !== 0) return ok(`${host} is an address, so no name is resolved`);
  try {
    const found = await lookup(host, { all: true });
    return ok(`${host} is ${found.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    return failure(
      `${host} cannot be resolved: ${describeError(error)}`,
      'Check the spelling of the host and /etc/resolv.conf.',
    );
  }
};

const accepts = (host: string, port: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (outcome: Outcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    const remedy = 'Check that the server runs, and that no firewall blocks the port for outgoing connections.';
    socket.on('connect', () => end(ok(`${host} accepts connections on port ${port}`)));
    socket.on('timeout', () =>
      end(failure(`${host} does not answer on port ${port} within ${timeoutMs / 1000} s`, remedy)),
    );
    socket.on('error', (error) => end(failure(`${host} port ${port}: ${describeError(error)}`, remedy)));
  });

/** Whether the host answers as a WebXTerm, by TLS with the CA of the configuration. */
const answers = async ({ host, ca }: AgentConfig, proxy: ProxySettings): Promise<Outcome> => {
  const trusted = ca === undefined ? 'the public CAs' : `the pinned private CA ${fingerprintOf(ca)}`;
  try {
    await discover(host, ca === undefined ? 'public' : { ca }, proxy);
  } catch (error) {
    return failure(
      describeError(error),
      host.startsWith('https:')
        ? `The server is verified with ${trusted}. If the server was set up anew, run the command of "Add a machine" again.`
        : 'Check the address of the server in the configuration.',
    );
  }
  return ok(host.startsWith('https:') ? `${host} answers, verified with ${trusted}` : `${host} answers without TLS`);
};

const clockOf = async (host: string, proxy: ProxySettings): Promise<Outcome> => {
  const { date } = await askHost(`${host}/.well-known/webxterm`, 'anyone', proxy).catch(() => ({ date: undefined }));
  if (date === undefined) return warning('the server could not be asked for its time', 'See the checks above.');
  const wrong = wrongClock(Date.now(), date);
  return wrong === undefined
    ? ok('the clock agrees with the server')
    : failure(wrong, 'Set the clock: timedatectl set-ntp true.');
};

const throughProxy = async (target: string, settings: ProxySettings): Promise<Outcome> => {
  const proxy = proxyFor(target, settings);
  if (proxy === undefined)
    return ok(settings.proxy === undefined ? 'no proxy is configured' : `${target} is reached without the proxy`);
  const refused = await whyNotThrough(proxy, target);
  return refused === undefined
    ? ok(`${proxy.address} connects to ${target}`)
    : failure(
        refused,
        'Correct the proxy: run "vsay-agent configure" again with --proxy, or ask its operator to allow this port.',
      );
};

/** Connects to a hub as the agent does, up to the first message of the hub. The hub notices no machine. */
const greets = async (address: string, hubs: HubAddresses, settings: ProxySettings): Promise<Outcome> => {
  const proxy = proxyFor(address, settings);
  const connection = new HubConnection(address, { tls: hubs.tls, ca: hubs.ca }, proxy);
  try {
    const first = await connection.next(timeoutMs);
    if (first !== undefined)
      return ok(
        `${address} answers${hubs.tls ? ' by TLS' : ''}${proxy === undefined ? '' : ` through ${proxy.address}`}`,
      );
    const refused = proxy === undefined ? undefined : await whyNotThrough(proxy, address);
    const reason = await reasonOfSilence(connection);
    return failure(
      refused ?? `${address} does not answer as a hub: ${reason}`,
      'Allow outgoing connections to this address, or ask the operator of the server whether the hub runs.',
    );
  } finally {
    connection.close();
  }
};

/** The checks of the way to the server: names, TCP, proxy, TLS, clock and hubs. */
export const connectionChecks = async (config: AgentConfig, environment: ProxySettings): Promise<Check[]> => {
  const settings = { proxy: config.proxy ?? environment.proxy, no_proxy: config.no_proxy ?? environment.no_proxy };
  const { hostname, port, protocol } = new URL(config.host);
  const target = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  const proxy = proxyFor(target, settings);
  const first = splitHostAndPort(proxy?.address ?? target);
  const way = await Promise.all([
    check('Name', () => resolves(first.host)),
    check('TCP', () => accepts(first.host, first.port)),
    check('Proxy', () => throughProxy(target, settings)),
    check(isTrustworthy(config.host) && protocol === 'https:' ? 'TLS' : 'Server', () => answers(config, settings)),
    check('Clock', () => clockOf(config.host, settings)),
  ]);
  if (way.some(({ state }) => state === 'failure')) return way;
  const hubs = await hubAddresses({ ...config, ...settings });
  const each = hubs.addresses.map((address) => check('Hub', () => greets(address, hubs, settings)));
  return [...way, ...(await Promise.all(each))];
};
