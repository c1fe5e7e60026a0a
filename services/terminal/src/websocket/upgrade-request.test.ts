import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { subprotocol, tokenProtocol } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { readTarget } from './upgrade-request.ts';

const target = (url: string, headers: Record<string, string>) => {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: 'GET', url });
  Object.assign(request.headers, { upgrade: 'websocket', 'sec-websocket-version': '13', ...headers });
  const { token, protocol } = readTarget(request);
  return { token, protocol };
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
        protocol: 'v1',
      });
    expect(target(path, { 'sec-websocket-protocol': tokenProtocol('x') })).toEqual({ token: 'x', protocol: 'raw' });
  });

  it('comes in the query or as a Bearer token too', () => {
    expect(target(`${path}?token=a`, { 'sec-websocket-protocol': subprotocol.json })).toEqual({
      token: 'a',
      protocol: 'json',
    });
    expect(target(path, { authorization: 'Bearer  b' })).toEqual({ token: 'b', protocol: 'raw' });
    expect(target(path, {})).toEqual({ token: undefined, protocol: 'raw' });
  });
});
