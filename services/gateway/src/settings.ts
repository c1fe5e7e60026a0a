import { ConfigError, isNetwork, list, origin, port, readConfig, serviceSettings } from '@webxterm/shared';
import { z } from 'zod';

const each = <T>(item: z.ZodType<T, string>) => list.pipe(z.array(item));

/** `http://host:port` of each instance, or of a load-balanced Service. */
const instances = each(origin)
  .refine((urls) => urls.length > 0, 'must be http://host:port, or several of them')
  .meta({ allowed: '`http://host:port`, a list with commas' });

const network = z.string().refine(isNetwork, 'must be an address or a CIDR block, such as 10.0.0.0/8');

const hostPort = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port');

export const gatewayShape = {
  ...serviceSettings,
  PUBLIC_URL: origin.describe(
    'The address that people open; Host check, allowed origins, CSP and HSTS follow from it.',
  ),
  EXTRA_ORIGINS: list.default([]).pipe(z.array(origin)).meta({
    description: 'Other origins under which people open it.',
    allowed: 'origins, a list with commas',
  }),
  TRUSTED_PROXIES: list.default([]).pipe(z.array(network)).meta({
    description: 'Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.',
    allowed: 'addresses or CIDR blocks, a list with commas',
  }),
  AUTH_URLS: instances.describe('The instances of auth.'),
  AGENT_HUB_URLS: instances.describe('The instances of agent-hub.'),
  TERMINAL_URLS: instances.describe('The instances of terminal.'),
  AUTH_HEALTH_URLS: instances.describe('The `/readyz` of each instance, in the order of `AUTH_URLS`.'),
  AGENT_HUB_HEALTH_URLS: instances.describe('The `/readyz` of each instance, in the order of `AGENT_HUB_URLS`.'),
  TERMINAL_HEALTH_URLS: instances.describe('The `/readyz` of each instance, in the order of `TERMINAL_URLS`.'),
  GRPC_ADDRESSES: each(hostPort).meta({
    description: 'The addresses at which agents reach the hubs from outside.',
    allowed: '`host:port`, a list with commas',
  }),
  GRPC_TLS: z.enum(['on', 'off']).default('off').describe('Whether agents reach the hubs by TLS.'),
  GRPC_CA: z.string().includes('-----BEGIN CERTIFICATE-----', 'must be a PEM certificate').optional().meta({
    description:
      'The private CA that signed the certificates of the hubs, for agents to pin; public certificates need none.',
    allowed: 'a PEM certificate',
  }),
  TLS_DIR: z.string().optional().meta({
    description:
      'With it, the gateway itself speaks TLS, by `tls.crt` and `tls.key` or `fullchain.pem` and `privkey.pem`.',
    allowed: 'a folder',
  }),
  HTTP_REDIRECT_PORT: port.optional().describe('A port on which plain HTTP is redirected to `PUBLIC_URL`.'),
  WEB_DIR: z.string().optional().meta({
    description: 'The built web UI; without it the gateway answers how to build it.',
    allowed: 'a folder',
  }),
  AGENT_DIR: z.string().optional().meta({
    description: 'The published release of the agent; without it no machine can install from here.',
    allowed: 'a folder',
  }),
  AGENT_ARCHIVES_DIR: z.string().optional().meta({
    description: "The archives of the agent's release, by their SHA-256, where they are not in `AGENT_DIR`.",
    allowed: 'a folder',
    standard: '`files` in `AGENT_DIR`',
  }),
  INSTALLATION_ID: z.string().min(1).max(128).meta({
    description: 'The name of this installation; it has to be the one of auth.',
    allowed: '1 to 128 characters',
  }),
  COMMIT: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/, 'must be the hash of a commit')
    .optional()
    .meta({
      description: 'The commit of this version, which `/api/health` shows.',
      allowed: 'a hash of 7 to 64 hex digits',
    }),
  SIGNUP: z
    .enum(['open', 'closed'])
    .default('open')
    .describe('Whether the web UI offers sign-up; it has to be the setting of auth.'),
};

export type GatewaySettings = z.output<z.ZodObject<typeof gatewayShape>>;

/** @throws ConfigError that names every invalid setting */
export const readGatewaySettings = (environment?: Record<string, string | undefined>): GatewaySettings => {
  const settings = readConfig('gateway', gatewayShape, environment);
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
