import { errorCatalog, isErrorCode } from '@webxterm/contracts/errors';
import { allRoutes, ErrorBody, errorCodesOf, type Route } from '@webxterm/contracts/rest';

const patternOf = (path: string): RegExp => new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);

// A path without parameters counts before one with them.
const patterns = allRoutes
  .toSorted((a, b) => Number(a.path.includes(':')) - Number(b.path.includes(':')))
  .map((route) => ({ route, pattern: patternOf(route.path) }));

const findRoute = (method: string, path: string): Route | undefined => {
  const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
  return patterns.find(({ route, pattern }) => route.method === asked && pattern.test(path))?.route;
};

/**
 * How the answer of a service differs from the declaration of its route: status, code, body. Undefined: it does not. `body` is the parsed
 * JSON, undefined if there is none.
 */
export const undeclaredAnswer = (
  method: string,
  path: string,
  { status, body }: { readonly status: number; readonly body: unknown },
): string | undefined => {
  const what = `${method} ${path} answered ${status}`;
  const route = findRoute(method, path);
  if (status >= 400) {
    const { data } = ErrorBody.safeParse(body);
    if (method === 'HEAD') return undefined;
    if (data === undefined || !isErrorCode(data.code)) return `${what} without an error of the catalog`;
    const { code } = data;
    if (errorCatalog[code].status !== status) return `${what} ${code}, which has another status`;
    // `not_gateway` never passes the gateway. An unknown path or method belongs to no route.
    if (['not_gateway', 'not_found', 'method_not_allowed'].includes(code)) return undefined;
    return route === undefined || errorCodesOf(route).includes(code)
      ? undefined
      : `${what} ${code}, an undeclared code`;
  }
  if (route === undefined) return `${what}, and no such route is declared`;
  const { success } = route;
  if (status !== success.status && !(status === 206 && success.ranges === true))
    return `${what}; ${success.status} is declared`;
  if (success.schema === undefined || method === 'HEAD') return undefined;
  const { error } = success.schema.safeParse(body);
  return error === undefined ? undefined : `${what} with an undeclared body: ${error.message}`;
};
