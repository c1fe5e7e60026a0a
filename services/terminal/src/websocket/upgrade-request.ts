import type { IncomingMessage } from 'node:http';
import { subprotocol, tokenOfProtocols } from '@webxterm/contracts/frames';
import { AgentId } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { bearerToken } from '@webxterm/shared/api';
import type { z } from 'zod';
import type { Purpose } from '../tickets/admission.ts';

export type ViewerProtocol = 'raw' | 'json' | 'v1';
/** The target of an upgrade, before the caller is authenticated. */
export interface UpgradeTarget {
  readonly agentId: string;
  readonly purpose: Purpose;
  readonly token: string | undefined;
  /** The token is a parameter of the URL. */
  readonly inUrl: boolean;
  readonly protocol: ViewerProtocol;
  /** The raw query. It is parsed after authentication, because 401 has priority over 400. */
  readonly query: URLSearchParams;
}

const path = /^\/api\/terminal\/([A-Za-z0-9_-]{1,64})\/(ws|tcp|ssh)$/;
/** By the last part of the path. */
const purposes: ReadonlyMap<string, Purpose> = new Map([
  ['ws', 'terminal'],
  ['tcp', 'forward'],
  ['ssh', 'ssh'],
]);

/** @throws AppError not_found for any other path; upgrade_required unless it is a WebSocket upgrade of version 13 */
export const readTarget = (request: IncomingMessage): UpgradeTarget => {
  const [pathname = '', search = ''] = (request.url ?? '').split('?', 2);
  const [, agentId, end] = path.exec(pathname) ?? [];
  if (agentId === undefined) throw new AppError('not_found');
  const { headers } = request;
  if (
    request.method !== 'GET' ||
    headers.upgrade?.toLowerCase() !== 'websocket' ||
    headers['sec-websocket-version'] !== '13'
  )
    throw new AppError('upgrade_required');
  const query = new URLSearchParams(search);
  return {
    agentId,
    purpose: purposes.get(end ?? '') ?? 'terminal',
    token:
      query.get('token') ??
      tokenOfProtocols(offered(headers['sec-websocket-protocol'])) ??
      bearerToken(headers.authorization),
    inUrl: query.has('token'),
    protocol: protocolOf(headers['sec-websocket-protocol']),
    query,
  };
};

const offered = (header: string | undefined): string[] => (header ?? '').split(',').map((name) => name.trim());

const protocolOf = (header: string | undefined): ViewerProtocol => {
  const names = offered(header);
  if (names.includes(subprotocol.v1)) return 'v1';
  return names.includes(subprotocol.json) ? 'json' : 'raw';
};

/** The subprotocol of the response; undefined for raw. */
export const subprotocolOf = (protocol: ViewerProtocol): string | undefined =>
  protocol === 'raw' ? undefined : subprotocol[protocol];

/** A parameter that is there twice, or as `name[]`, which some clients write for a list. Undefined: none. */
const repeated = (query: URLSearchParams, schema: z.ZodObject): string | undefined =>
  Object.keys(schema.shape).find((name) => query.getAll(name).length > 1 || query.has(`${name}[]`));

/** @throws AppError invalid_input, which names the first invalid parameter */
export const readQuery = <T extends z.ZodObject>(query: URLSearchParams, schema: T): z.output<T> => {
  const twice = repeated(query, schema);
  if (twice !== undefined)
    throw new AppError('invalid_input', `The query is not valid: ${twice}: must be there once.`, {
      details: [{ path: twice, message: 'must be there once' }],
    });
  const parsed = schema.safeParse(Object.fromEntries(query));
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  throw new AppError('invalid_input', `The query is not valid: ${details[0]?.path}: ${details[0]?.message}.`, {
    details,
  });
};

/** @throws AppError machine_not_found for an invalid machine id */
export const checkAgentId = (agentId: string): void => {
  if (!AgentId.safeParse(agentId).success) throw new AppError('machine_not_found');
};
