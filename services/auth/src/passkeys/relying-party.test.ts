import { describe, expect, it } from 'vitest';
import { relyingParty } from './relying-party.ts';

describe('the host of passkeys', () => {
  it('is that of the public address, with other origins below it', () => {
    const extra = ['https://inside.term.example.com:8443', 'https://other.example.com', 'https://xterm.example.com'];
    expect(relyingParty('https://term.example.com', extra)).toEqual({
      id: 'term.example.com',
      origins: ['https://term.example.com', 'https://inside.term.example.com:8443'],
    });
  });

  it.each(['https://192.0.2.7', 'https://[2001:db8::7]:8443'])(
    'is none for %s, because an address is no RP id',
    (url) => {
      expect(relyingParty(url, ['https://term.example.com'])).toBeUndefined();
    },
  );

  it.each(['http://127.0.0.1:8080', 'http://[::1]:8080', 'http://localhost:8080'])('is localhost for %s', (url) => {
    expect(relyingParty(url, [])).toEqual({ id: 'localhost', origins: ['http://localhost:8080'] });
  });
});
