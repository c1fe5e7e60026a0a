import { splitHostAndPort } from '@webxterm/contracts/host-and-port';
import { isLoopback } from '@webxterm/contracts/loopback';
import {
  checkDisk,
  checked,
  checkInstance,
  checkMetrics,
  checkPort,
  checkTls,
  type Finding,
  type Instance,
  ok,
  runDoctor,
} from '@webxterm/shared/doctor';
import { type GatewaySettings, readGatewaySettings } from '../settings.ts';

const usage = `Usage: node src/doctor/main.ts [--json]

Checks the installation from inside of the gateway's container, with its settings: every instance of each service and the servers that it
needs, clocks, certificates, disk, the port of the agents. It changes nothing. It exits with 1 if it finds an error.

Example:
  docker compose exec gateway node src/doctor/main.ts`;

const instances = (name: string, healthUrls: readonly string[]): readonly Instance[] =>
  healthUrls.map((healthUrl, index) => ({ name: healthUrls.length > 1 ? `${name}-${index + 1}` : name, healthUrl }));

const checkAgentPort = (address: string, tls: boolean, now: number): Promise<Finding> => {
  const { host, port } = splitHostAndPort(address);
  const what = `port of the agents ${address}`;
  return tls ? checkTls(what, host, port, now) : checkPort(what, host, port);
};

const examine = async (settings: GatewaySettings, now: number): Promise<readonly Finding[]> => {
  const all = [
    { name: 'gateway', healthUrl: `http://127.0.0.1:${settings.HEALTH_PORT}` },
    ...instances('auth', settings.AUTH_HEALTH_URLS),
    ...instances('agent-hub', settings.AGENT_HUB_HEALTH_URLS),
    ...instances('terminal', settings.TERMINAL_HEALTH_URLS),
  ];
  // Agents dial these from outside of the container, where a loopback address is another machine.
  const reachable = settings.GRPC_ADDRESSES.filter((address) => !isLoopback(splitHostAndPort(address).host));
  const groups = await Promise.all([
    ok('settings', `of ${settings.PUBLIC_URL} are valid`),
    checked('disk', () => checkDisk('disk', '/')),
    ...all.map((instance) => checked(`service ${instance.name}`, () => checkInstance(instance))),
    ...all.map((instance) =>
      checked(`metrics ${instance.name}`, () => checkMetrics(instance, settings.METRICS_TOKEN, now)),
    ),
    ...reachable.map((address) => checkAgentPort(address, settings.GRPC_TLS === 'on', now)),
  ]);
  return groups.flat();
};

await runDoctor(usage, () => examine(readGatewaySettings(), Date.now()));
