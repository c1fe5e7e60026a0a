import { isIP } from 'node:net';
import { ConfigError, list, origin, port, readConfig, serviceSettings } from '@webxterm/shared';
import { z } from 'zod';

const each = <T>(item: z.ZodType<T, string>) => list.pipe(z.array(item));

/** `http://host:port` of one instance, or of a Service that balances by itself. */
const instances = each(origin).refine((urls) => urls.length > 0, 'must be http://host:port, or several of them');

const cidr = z.string().refine((text) => {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}, 'must be an address or a CIDR block, such as 10.0.0.0/8');

const hostPort = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port');

const shape = {
  ...serviceSettings,
  /** How people reach this door: feeds Host check, Origin list, CSP and HSTS. */
  PUBLIC_URL: origin,
  EXTRA_ORIGINS: list.default([]).pipe(z.array(origin)),
  /** Peers whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  TRUSTED_PROXIES: list.default([]).pipe(z.array(cidr)),
  AUTH_URLS: instances,
  AGENT_HUB_URLS: instances,
  TERMINAL_URLS: instances,
  /** Where each instance answers /readyz, in the order of its *_URLS. */
  AUTH_HEALTH_URLS: instances,
  AGENT_HUB_HEALTH_URLS: instances,
  TERMINAL_HEALTH_URLS: instances,
  /** Where agents reach the hubs from outside. */
  GRPC_ADDRESSES: each(hostPort),
  GRPC_TLS: z.enum(['on', 'off']).default('off'),
  /** PEM of the private CA that signed the hubs' certificates; told to agents, which pin it. Real certificates need none. */
  GRPC_CA: z.string().includes('-----BEGIN CERTIFICATE-----', 'must be a PEM certificate').optional(),
  /** Folder with tls.crt and tls.key, or certbot's fullchain.pem and privkey.pem: the door speaks TLS by itself. */
  TLS_DIR: z.string().optional(),
  /** Where plain HTTP is sent on to PUBLIC_URL. */
  HTTP_REDIRECT_PORT: port.optional(),
  /** The built web UI; without it the door says how to build it. */
  WEB_DIR: z.string().optional(),
  INSTALLATION_ID: z.string().min(1).max(128),
  /** As auth has it; told to people before they try. */
  SIGNUP: z.enum(['open', 'closed']).default('open'),
};

export type GatewaySettings = z.output<z.ZodObject<typeof shape>>;

/** @throws ConfigError that names every bad setting */
export const readGatewaySettings = (environment?: Record<string, string | undefined>): GatewaySettings => {
  const settings = readConfig('gateway', shape, environment);
  const https = settings.PUBLIC_URL.startsWith('https:');
  const problems = [
    ...(settings.TLS_DIR !== undefined && !https ? ['PUBLIC_URL: must begin with https:// where TLS_DIR is set'] : []),
    ...(settings.HTTP_REDIRECT_PORT !== undefined && !https
      ? ['HTTP_REDIRECT_PORT: leads to PUBLIC_URL, which must begin with https:// then']
      : []),
    ...(settings.GRPC_CA !== undefined && settings.GRPC_TLS === 'off'
      ? ['GRPC_CA: is of use only where GRPC_TLS is on']
      : []),
  ];
  if (problems.length > 0) throw new ConfigError('gateway', problems);
  return settings;
};
