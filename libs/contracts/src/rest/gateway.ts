import { z } from 'zod';
import { defineRoute } from './route.ts';

export const PartHealth = z.object({
  name: z.string(),
  status: z.enum(['ok', 'degraded', 'down']),
  instances: z.number().int().meta({ description: 'How many instances are configured.' }),
  ready: z.number().int().meta({ description: 'How many of them are ready.' }),
  detail: z.string().optional(),
});

export const health = defineRoute({
  id: 'health',
  owner: 'gateway',
  method: 'get',
  path: '/api/health',
  access: 'public',
  summary: 'The state of each part',
  success: {
    status: 200,
    schema: z.object({
      status: z.enum(['ok', 'degraded', 'down']),
      version: z.string().meta({ example: '0.1.0' }),
      commit: z.string().optional().meta({
        description: 'The commit that the gateway was built or started from. Missing: unknown.',
        example: '6224c41',
      }),
      parts: z.array(PartHealth),
    }),
  },
});

export const openapi = defineRoute({
  id: 'openapi',
  owner: 'gateway',
  method: 'get',
  path: '/api/openapi.json',
  access: 'public',
  summary: 'This description, as OpenAPI 3.1',
  success: { status: 200, schema: z.looseObject({ openapi: z.string() }) },
});

export const apiDocs = defineRoute({
  id: 'apiDocs',
  owner: 'gateway',
  method: 'get',
  path: '/api/docs',
  access: 'public',
  summary: 'This description, for a person to read',
  success: { status: 200, stream: 'text/html' },
});

/** Facts that an agent or client needs before it signs in. */
export const WellKnown = z.object({
  name: z.literal('WebXTerm'),
  version: z.string(),
  installation_id: z.string(),
  grpc: z.object({
    addresses: z.array(z.string()).meta({
      description: 'host:port of each hub; try them in random order.',
    }),
    tls: z.boolean(),
    ca: z
      .string()
      .optional()
      .meta({ description: 'PEM of the private CA of the hubs; agents pin it. Absent: the public CAs count.' }),
  }),
  signup: z.enum(['open', 'closed']).optional(),
});
export type WellKnown = z.infer<typeof WellKnown>;

export const wellKnown = defineRoute({
  id: 'wellKnown',
  owner: 'gateway',
  method: 'get',
  path: '/.well-known/webxterm',
  access: 'public',
  summary: 'Version and gRPC addresses',
  success: { status: 200, schema: WellKnown },
});

export const gatewayRoutes = [health, openapi, apiDocs, wellKnown] as const;
