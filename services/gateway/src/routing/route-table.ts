import type { Route } from '@webxterm/contracts/rest';

/** A node of the path tree. Paths match strictly and case-sensitively, segment by segment. */
interface Node {
  readonly fixed: Map<string, Node>;
  param: Node | undefined;
  readonly routes: Map<string, Route>;
}

export type Match =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'other-method'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' };

const emptyNode = (): Node => ({ fixed: new Map(), param: undefined, routes: new Map() });

/** All routes, each declared once. A fixed segment takes precedence over a parameter: `/machines/events` over `/machines/:agent_id`. */
export class RouteTable {
  readonly #root = emptyNode();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
  }

  #add(route: Route): void {
    let node = this.#root;
    for (const segment of route.path.slice(1).split('/')) node = this.#child(node, segment);
    const method = route.method.toUpperCase();
    if (node.routes.has(method)) throw new Error(`${method} ${route.path} is declared twice`);
    node.routes.set(method, route);
  }

  #child(node: Node, segment: string): Node {
    if (segment.startsWith(':')) {
      node.param ??= emptyNode();
      return node.param;
    }
    const child = node.fixed.get(segment) ?? emptyNode();
    node.fixed.set(segment, child);
    return child;
  }

  /** Finds the route of a path. `method` is upper case; HEAD matches the GET route. */
  match(method: string, path: string): Match {
    const node = find(this.#root, path.slice(1).split('/'), 0);
    if (node === undefined) return { kind: 'unknown' };
    const route = node.routes.get(method === 'HEAD' ? 'GET' : method);
    if (route !== undefined) return { kind: 'route', route };
    const allow = [...node.routes.keys(), ...(node.routes.has('GET') ? ['HEAD'] : []), 'OPTIONS'];
    return { kind: 'other-method', allow: allow.sort() };
  }
}

const find = (node: Node, segments: readonly string[], index: number): Node | undefined => {
  const segment = segments[index];
  if (segment === undefined) return node.routes.size > 0 ? node : undefined;
  const fixed = node.fixed.get(segment);
  const found = fixed === undefined ? undefined : find(fixed, segments, index + 1);
  if (found !== undefined) return found;
  return node.param === undefined || segment === '' ? undefined : find(node.param, segments, index + 1);
};

const socketPath = /^\/api\/terminal\/[^/]+\/(ws|tcp|ssh)$/;

/** Whether the path is `/api/terminal/:agent_id/ws` or `/api/terminal/:agent_id/tcp`, the only ones that accept a WebSocket. */
export const isWebSocketPath = (path: string): boolean => socketPath.test(path);

/** The path of a WebSocket without the id of its machine. */
export const socketTemplate = (path: string): string => path.replace(socketPath, '/api/terminal/:agent_id/$1');
