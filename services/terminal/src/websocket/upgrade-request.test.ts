import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { subprotocol, tokenProtocol } from '@webxterm/contracts/frames';
import { TerminalQuery } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { readQuery, readTarget } from './upgrade-request.ts';

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

describe('the query of an upgrade', () => {
  const read = (query: string) => readQuery(new URLSearchParams(query), TerminalQuery);

  it('has each parameter once: a second value or a list is refused by name, and none of them is taken', () => {
    expect(read('kind=pty&cols=80')).toEqual({ kind: 'pty', cols: 80 });
    for (const [query, name] of [
      ['kind=pty&kind=fax', 'kind'],
      ['kind=pty&kind=pty', 'kind'],
      ['kind[]=pty', 'kind'],
      ['kind%5B%5D=pty&kind%5B%5D=fax', 'kind'],
      ['session_id[]=AAAAAAAAAAAAAAAAAAAAAA', 'session_id'],
      ['mode=view&mode=control', 'mode'],
      ['token=a&token=b', 'token'],
    ] as const)
      expect(() => read(query), query).toThrow(`The query is not valid: ${name}: must be there once.`);
  });

  it('may have parameters that this version does not know', () => {
    expect(read('later=1&later=2')).toEqual({});
  });
});
