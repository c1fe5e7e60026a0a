import { CertificateFolder, Health, measureCertificates, runService, serveHealth } from '@webxterm/shared';
import packageJson from '../package.json' with { type: 'json' };
import { HealthMonitor } from './health/monitor.ts';
import { Measures } from './measure.ts';
import { TrustedProxies } from './request-checks/client-address.ts';
import { publicNames } from './request-checks/names.ts';
import { Connections } from './server/connections.ts';
import { GatewayServer } from './server/gateway-server.ts';
import { listen } from './server/listen.ts';
import { ownRoutes } from './server/own-routes.ts';
import { redirectServer } from './server/redirect.ts';
import { startWarnings } from './server/start-warnings.ts';
import { readGatewaySettings } from './settings.ts';
import { Forwarder } from './upstreams/forward.ts';
import { Pool } from './upstreams/pool.ts';
import { SocketForwarder } from './upstreams/upgrade.ts';

await runService('gateway', readGatewaySettings, async (settings, { logger, shutdown }) => {
  const certificates =
    settings.TLS_DIR === undefined
      ? undefined
      : new CertificateFolder({
          service: 'gateway',
          setting: 'TLS_DIR',
          folder: settings.TLS_DIR,
          needsCa: false,
          serveExpired: true,
          logger,
        });
  const auth = new Pool('auth', settings.AUTH_URLS);
  const hub = new Pool('agent-hub', settings.AGENT_HUB_URLS);
  const terminal = new Pool('terminal', settings.TERMINAL_URLS);
  const monitor = new HealthMonitor(packageJson.version, [
    { pool: auth, healthUrls: settings.AUTH_HEALTH_URLS },
    { pool: hub, healthUrls: settings.AGENT_HUB_HEALTH_URLS },
    { pool: terminal, healthUrls: settings.TERMINAL_HEALTH_URLS },
  ]);
  const names = publicNames(settings.PUBLIC_URL, settings.EXTRA_ORIGINS);
  const proxies = new TrustedProxies(settings.TRUSTED_PROXIES);
  const connections = new Connections(proxies, logger);
  const sockets = new SocketForwarder(terminal, settings.GATEWAY_KEY, connections, logger);
  const health = new Health('gateway');
  const gateway = new GatewayServer({
    measures: new Measures(health.metrics, () => sockets.size, connections),
    connections,
    names,
    proxies,
    forwarder: new Forwarder([auth, hub, terminal], settings.GATEWAY_KEY, connections, logger),
    sockets,
    own: ownRoutes(settings, packageJson.version, names.origins, monitor),
    certificates,
    logger,
  });
  if (certificates !== undefined) measureCertificates(health.metrics, [certificates]);
  await serveHealth(settings, health, shutdown);
  const { HTTP_HOST: host, HTTP_REDIRECT_PORT: redirectPort } = settings;
  await listen(gateway.server, { host, port: settings.HTTP_PORT, setting: 'HTTP' }, shutdown);
  if (redirectPort !== undefined)
    await listen(
      redirectServer(settings.PUBLIC_URL, connections),
      { host, port: redirectPort, setting: 'HTTP_REDIRECT' },
      shutdown,
    );
  shutdown.add('clients', 'WebSockets', () => sockets.close());
  shutdown.add('work', 'health monitor', () => monitor.stop());
  monitor.start();
  health.markReady();
  for (const warning of startWarnings(settings)) logger.warn(warning);
  logger.info({ url: settings.PUBLIC_URL, host: settings.HTTP_HOST, port: settings.HTTP_PORT }, 'gateway is listening');
});
