import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { subprotocol, tokenProtocol } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { readTarget } from './upgrade-request.ts';

const target = (url: string, headers: Record<string, string>) => {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: 'GET', url });
  Object.assign(request.headers, { upgrade: 'websocket', 'sec-websocket-version': '13', ...headers });
  const { token, edge } = readTarget(request);
  return { token, edge };
};

describe('the token of an upgrade', () => {
  const path = '/api/terminal/ag_1/ws';

  it('comes among the subprotocols, where a browser does not print it, and chooses no protocol', () => {
    for (const names of [
      [subprotocol.v1, tokenProtocol('wxt_rp_a.b-c')],
      [tokenProtocol('wxt_rp_a.b-c'), subprotocol.v1],
    ])
      expect(target(path, { 'sec-websocket-protocol': names.join(', ') })).toEqual({
        token: 'wxt_rp_a.b-c',
        edge: 'v1',
      });
    expect(target(path, { 'sec-websocket-protocol': tokenProtocol('x') })).toEqual({ token: 'x', edge: 'raw' });
  });

  it('comes in the query or as a Bearer token too', () => {
    expect(target(`${path}?token=a`, { 'sec-websocket-protocol': subprotocol.json })).toEqual({
      token: 'a',
      edge: 'json',
    });
    expect(target(path, { authorization: 'Bearer  b' })).toEqual({ token: 'b', edge: 'raw' });
    expect(target(path, {})).toEqual({ token: undefined, edge: 'raw' });
  });
});
