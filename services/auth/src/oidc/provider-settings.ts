import { readFileSync } from 'node:fs';
import { parseJson } from '@webxterm/contracts/json';
import { isLoopback } from '@webxterm/contracts/loopback';
import { ProviderId } from '@webxterm/contracts/rest';
import { reasonOf } from '@webxterm/shared';
import { z } from 'zod';

const domain = z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain in lower case, such as example.com');

const Provider = z.strictObject({
  id: ProviderId,
  label: z.string().min(1).max(64),
  issuer: z.url('must be a URL').refine((text) => {
    const { protocol, hostname } = new URL(text);
    return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  }, 'must begin with https://'),
  client_id: z.string().min(1).max(512),
  client_secret_file: z.string().min(1),
  sign_up: z.union([z.enum(['off', 'invited']), z.array(domain).min(1).max(100)]).default('off'),
});

/** A provider of sign-ins. */
export type ProviderSettings = Omit<z.output<typeof Provider>, 'client_secret_file'> & {
  readonly client_secret: string;
};

const Providers = z
  .array(Provider)
  .max(8, 'must be 8 providers or fewer')
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'must have each id once')
  .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, 'must have each issuer once');

const secretOf = (path: string): string => {
  const text = readFileSync(path, 'utf8').trim();
  if (text === '') throw new Error(`${path} is empty`);
  return text;
};

/** The setting OIDC_PROVIDERS: a JSON array. The secret of each client is read from its file. */
export const oidcProviders = z
  .string()
  .transform((text, context): ProviderSettings[] => {
    const parsed = Providers.safeParse(parseJson(text));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      context.addIssue(`must be a JSON array of providers: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
      return z.NEVER;
    }
    try {
      return parsed.data.map(({ client_secret_file, ...rest }) => ({
        ...rest,
        client_secret: secretOf(client_secret_file),
      }));
    } catch (error) {
      context.addIssue(`must name readable files of secrets (${reasonOf(error)})`);
      return z.NEVER;
    }
  })
  .default([])
  .meta({
    description: 'The providers of sign-ins (OpenID Connect), see [signing in](sign-in.md).',
    allowed: 'a JSON array',
  });
