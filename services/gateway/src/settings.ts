import { isIP } from 'node:net';
import { list, origin, serviceSettings } from '@webxterm/shared';
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

export const gatewaySettings = {
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
  /** The built web UI; without it the door says how to build it. */
  WEB_DIR: z.string().optional(),
  INSTALLATION_ID: z.string().min(1).max(128),
  /** As auth has it; told to people before they try. */
  SIGNUP: z.enum(['open', 'closed']).default('open'),
};

export type GatewaySettings = z.output<z.ZodObject<typeof gatewaySettings>>;
