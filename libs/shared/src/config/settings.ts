import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { parseSigninKey } from '../signins/signed-entry.ts';
import { tracingSettings } from '../tracing/settings.ts';

export const port = z.coerce
  .number('must be a port number')
  .int('must be a port number')
  .min(1, 'must be a port, 1 to 65535')
  .max(65535, 'must be a port, 1 to 65535');

/** A comma-separated list; empty items are dropped. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
  .meta({ allowed: 'a list with commas' });

/** At least 32 bytes as base64url. Shorter keys prevent the start. */
export const secretKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]+={0,2}$/, 'must be base64url')
  .transform((text) => Buffer.from(text, 'base64url'))
  .refine(
    (key) => key.length >= 32,
    'must be 32 random bytes or more, as base64url (make one: openssl rand -base64 32 | tr +/ -_)',
  )
  .meta({ allowed: '32 bytes or more, base64url' });

/** An opaque secret of at least 32 characters. */
export const secretText = z
  .string()
  .min(32, 'must have 32 characters or more')
  .meta({ allowed: '32 characters or more' });

/** `http://host:port`, without a path. */
export const origin = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).pathname === '/',
    'must be like https://host[:port], without a path',
  )
  .transform((text) => new URL(text).origin)
  .meta({ allowed: '`http(s)://host[:port]`' });

export interface JwtKey {
  readonly kid: string;
  readonly secret: Buffer;
}

/** Lines `kid base64url-of-32-bytes-or-more`. The first key signs, all verify. A rotation adds the new key at the top. */
export const jwtKeys = z.string().transform((text, context): JwtKey[] => {
  const keys = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [kid = '', secret = ''] = line.split(/\s+/);
      return { kid, secret: Buffer.from(secret, 'base64url') };
    });
  if (keys.length === 0) context.addIssue('must hold a line "kid base64url-secret"');
  for (const key of keys) {
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(key.kid))
      context.addIssue('each line is "kid base64url-secret"; a kid has 1 to 32 characters of A-Z a-z 0-9 _ -');
    else if (key.secret.length < 32) context.addIssue(`the secret of kid ${key.kid} has fewer than 32 bytes`);
  }
  return keys;
});

/** Lines of keys of 32 bytes, base64url. */
export const keyLines = z.string().transform((text, context): Buffer[] => {
  const keys = text
    .split(/\s+/)
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line, 'base64url'));
  if (keys.length === 0 || keys.some((key) => key.length !== 32))
    context.addIssue('must hold lines of 32 bytes as base64url (set-up derives them from the root key)');
  return keys;
});

/** Lines of Ed25519 public keys, base64url. An entry of the allow-list must be signed by one of them. */
const signinKeys = z.string().transform((text, context): KeyObject[] => {
  const keys = text
    .split(/\s+/)
    .filter((line) => line !== '')
    .map(parseSigninKey);
  const parsed = keys.filter((key) => key !== undefined);
  if (parsed.length === 0 || parsed.length < keys.length)
    context.addIssue('must hold lines of Ed25519 public keys as base64url (set-up derives them from the root key)');
  return parsed;
});

/** The settings of every service. */
export const serviceSettings = {
  ...tracingSettings,
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('The lowest level that is logged.'),
  INSTANCE_ID: z.string().max(64).optional().meta({
    description: 'The name of this instance in logs, such as `auth-1`.',
    allowed: 'up to 64 characters',
  }),
  HTTP_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('The address of the API behind the gateway; for the gateway, the address that people reach.'),
  HTTP_PORT: port.describe('The port on `HTTP_HOST`.'),
  HEALTH_HOST: z.string().default('127.0.0.1').describe('The address of `/livez`, `/readyz` and `/metrics`.'),
  HEALTH_PORT: port.describe('The port on `HEALTH_HOST`.'),
  METRICS_TOKEN: z.string().min(16).optional().meta({
    description: 'With it, `/metrics` answers only requests that carry this Bearer token.',
    allowed: '16 characters or more',
  }),
  GATEWAY_KEY: secretKey.describe('The key with which the gateway proves each request to the services.'),
};

/** The settings of a service with a database. */
export const mongoSettings = {
  MONGO_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must be a mongodb:// URL with user, password and database')
    .meta({
      description:
        'The replica set of MongoDB, with user, password and database; `tls=true&tlsCAFile=…` in the URL turns on TLS.',
      allowed: '`mongodb://…` or `mongodb+srv://…`',
    }),
};

/** The settings of a service on the bus. The client ignores credentials in NATS_URL, so they have settings of their own. */
export const busSettings = {
  NATS_URL: list
    .refine((urls) => urls.length > 0, 'must be host:port, or several of them')
    .meta({
      description: 'The servers of NATS; credentials in the URL are ignored.',
      allowed: '`host:port`, a list with commas',
    }),
  NATS_USER: z.string().describe('The user of NATS whose permissions this service has.'),
  NATS_PASSWORD: z.string().describe('The password of `NATS_USER`.'),
  NATS_CA: z.string().includes('-----BEGIN CERTIFICATE-----', 'must be a PEM certificate').optional().meta({
    description: 'The CA that signed the certificate of NATS; with it, the connection always uses TLS.',
    allowed: 'a PEM certificate',
  }),
};

/** A setting of the programs that declare the streams and buckets. */
export const natsReplicas = z.coerce
  .number()
  .refine((replicas) => [1, 3, 5].includes(replicas), 'must be 1, 3 or 5, and no more than there are servers of NATS')
  .default(1)
  .meta({
    description: 'Servers of NATS that hold a copy of each stream and bucket; 3 outlive the loss of any one.',
    allowed: '1, 3 or 5',
  });

/** The settings of a service that verifies tokens. */
export const tokenSettings = {
  JWT_KEYS: jwtKeys.meta({
    description: 'The keys of access tokens; the first signs, all verify.',
    allowed: 'lines `kid base64url-secret`',
  }),
};

/** The settings of a service that reads the allow-list. Auth derives the keys itself. */
export const allowListSettings = {
  SIGNIN_KEYS: signinKeys.meta({
    description:
      'The public keys that sign the entries of the allow-list; set-up derives one from each line of `ROOT_KEY`.',
    allowed: 'lines of Ed25519 keys, base64url',
  }),
};
