import { expect, it } from 'vitest';
import { joinHostAndPort, splitHostAndPort, withoutBrackets } from './host-and-port.ts';

it.each([
  ['127.0.0.1:80', '127.0.0.1', 80],
  ['[::1]:7443', '::1', 7443],
  ['::1:7443', '::1', 7443],
  ['hub.example:443', 'hub.example', 443],
])('%s is a host and a port', (address, host, port) => {
  expect(splitHostAndPort(address)).toEqual({ host, port });
});

it('a port that is not a number is NaN', () => {
  expect(splitHostAndPort('hub.example:')).toEqual({ host: 'hub.example', port: Number.NaN });
});

it.each(['hub', 'unknown', ''])('%j has no port, and the whole is the host', (address) => {
  expect(splitHostAndPort(address)).toEqual({ host: address, port: Number.NaN });
});

it('only the brackets around a whole host are removed', () => {
  expect(['[::1]', '::1', 'hub', '[::1'].map(withoutBrackets)).toEqual(['::1', '::1', 'hub', '[::1']);
});

it('an IPv6 address gets brackets before its port', () => {
  expect([joinHostAndPort('db', 1), joinHostAndPort('::1', 22)]).toEqual(['db:1', '[::1]:22']);
});
