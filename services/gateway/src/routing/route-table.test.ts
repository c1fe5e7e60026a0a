import { allRoutes } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { isWebSocketPath, RouteTable } from './route-table.ts';

const table = new RouteTable(allRoutes);
const idOf = (method: string, path: string): string => {
  const match = table.match(method, path);
  return match.kind === 'route' ? match.route.id : match.kind;
};

describe('the route table', () => {
  it('finds every declared route by an example of its path', () => {
    for (const route of allRoutes)
      expect(idOf(route.method.toUpperCase(), route.path.replaceAll(/:\w+/g, 'x1'))).toBe(route.id);
  });

  it('prefers a fixed segment over a parameter', () => {
    expect(idOf('GET', '/api/machines/events')).toBe('machineEvents');
    expect(idOf('GET', '/api/machines/ag_1')).toBe('getMachine');
  });

  it('matches HEAD like GET', () => {
    expect(idOf('HEAD', '/api/machines')).toBe('listMachines');
    expect(idOf('HEAD', '/api/login')).toBe('other-method');
  });

  it.each(['/api/machines/', '/API/machines', '/api/Machines', '/api', '/api/', '/api/machines/x/y/z', '/api/nothing'])(
    'does not find %s: strict and case-sensitive',
    (path) => {
      expect(idOf('GET', path)).toBe('unknown');
    },
  );

  it('returns the methods of a path', () => {
    expect(table.match('DELETE', '/api/login')).toEqual({ kind: 'other-method', allow: ['OPTIONS', 'POST'] });
    expect(table.match('POST', '/api/machines/events')).toMatchObject({ allow: ['GET', 'HEAD', 'OPTIONS'] });
  });

  it('has the two paths of WebSockets', () => {
    for (const path of ['/api/terminal/ag_x/ws', '/api/terminal/ag_x/tcp', '/api/terminal/ag_x/ssh'])
      expect(isWebSocketPath(path)).toBe(true);
    for (const path of [
      '/api/terminal//ws',
      '/api/terminal/a/b/ws',
      '/api/terminal/a/ws/',
      '/api/terminal/a/WS',
      '/api/terminal/a/tcps',
    ])
      expect(isWebSocketPath(path)).toBe(false);
  });
});
