import { describe, expect, it } from 'vitest';
import { StackFailure } from '../failure.ts';
import { findServer, isNewEnough, type ServerSource } from './find-server.ts';
import { knownServers } from './known-servers.ts';

const server = knownServers['nats-server'];

const asked: string[] = [];
const source = (name: string, result: string | undefined | Error): ServerSource => ({
  name,
  find: () => {
    asked.push(name);
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
  },
});
const version =
  (versions: Record<string, string>) =>
  (path: string): Promise<string> => {
    const found = versions[path];
    return found === undefined ? Promise.reject(new Error(`${path} does not run here`)) : Promise.resolve(found);
  };

describe('finding a server', () => {
  it('uses the first source with a server, and tries no other one', async () => {
    asked.length = 0;
    const sources = [
      source('PATH', undefined),
      source('the cache', '/cache/nats'),
      source('the vendor', '/vendor/nats'),
    ];
    const found = await findServer(server, sources, version({ '/cache/nats': '2.15.1' }), '/cache');
    expect(found).toEqual({ path: '/cache/nats', version: '2.15.1', from: 'the cache' });
    expect(asked).toEqual(['PATH', 'the cache']);
  });

  it('continues after a program that does not run, is too old, or could not be fetched', async () => {
    const sources = [
      source('PATH', '/usr/bin/old'),
      source('the cache', '/cache/broken'),
      source('the vendor', new Error('no answer within 4 s')),
      source('the wheel', '/wheel/nats'),
    ];
    const found = await findServer(
      server,
      sources,
      version({ '/usr/bin/old': '2.9.0', '/wheel/nats': '2.15.1' }),
      '/c',
    );
    expect(found.from).toBe('the wheel');
  });

  it('reports the answer of each source and the three ways out when none has one', async () => {
    const sources = [source('PATH', '/usr/bin/old'), source('the vendor', new Error('no answer within 4 s'))];
    const failure = await findServer(server, sources, version({ '/usr/bin/old': '2.9.0' }), '/home/me/cache').catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(StackFailure);
    const text = String(failure);
    for (const words of [
      '2.9.0, older than 2.11',
      'no answer within 4 s',
      'on your PATH',
      'NATS_URL',
      '/home/me/cache',
    ])
      expect(text).toContain(words);
  });

  it('compares versions by number, not by letter', () => {
    expect(isNewEnough('2.9.25', [2, 11])).toBe(false);
    expect(isNewEnough('2.11.0', [2, 11])).toBe(true);
    expect(isNewEnough('10.0.0', [6, 0])).toBe(true);
  });
});
