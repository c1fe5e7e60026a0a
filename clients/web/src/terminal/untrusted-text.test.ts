import { describe, expect, it } from 'vitest';
import { clipboardRequest } from './clipboard-request.ts';
import { followable } from './links.ts';
import { safePaste } from './paste.ts';
import { controlled } from './sticky-keys.ts';

describe('pasted text', () => {
  it('cannot end bracketed paste early', () => {
    expect(safePaste('ls\x1b[201~rm -rf ~\n')).toBe('ls[201~rm -rf ~\n');
    expect(safePaste('a\x9b201~b')).toBe('a201~b');
  });

  it('keeps tabs, newlines of every kind and everything printable', () => {
    expect(safePaste('if x:\r\n\ty()\rz\n')).toBe('if x:\n\ty()\nz\n');
    expect(safePaste('naïve 🦊 日本')).toBe('naïve 🦊 日本');
  });

  it('drops every other control character', () => {
    const controls = [...Array(0xa0).keys()].filter((code) => code < 0x20 || (code >= 0x7f && code < 0xa0));
    expect(safePaste(String.fromCharCode(...controls))).toBe('\t\n\n');
  });
});

describe('links', () => {
  it('lead to http and https only', () => {
    expect(followable('https://example.com/a?b#c')).toBe('https://example.com/a?b#c');
    expect(followable('http://localhost:3000')).toBe('http://localhost:3000/');
    for (const target of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', 'ssh://host', 'nonsense'])
      expect(followable(target)).toBeUndefined();
  });

  it('show the host in the form that is looked up, not as it is written', () => {
    expect(followable('https://paypаl.com')).toBe('https://xn--paypl-7ve.com/');
  });
});

describe('a program that wants the clipboard', () => {
  it('may offer text', () => {
    expect(clipboardRequest('c;aGVsbG8=')).toBe('hello');
    expect(clipboardRequest(`c;${btoa(String.fromCharCode(...new TextEncoder().encode('🦊')))}`)).toBe('🦊');
  });

  it('never reads it, and offers nothing too long or malformed', () => {
    for (const request of ['c;?', 'c;', '', 'c', 'c;****', 'c;/w==', `c;${'QUFB'.repeat(100_000)}`])
      expect(clipboardRequest(request)).toBeUndefined();
  });
});

describe('the on-screen Ctrl key', () => {
  it('turns letters into control characters, and does not change other keys', () => {
    expect(controlled('c')).toBe('\x03');
    expect(controlled('C')).toBe('\x03');
    expect(controlled('[')).toBe('\x1b');
    expect(controlled(' ')).toBe('\0');
    expect(controlled('ö')).toBe('ö');
    expect(controlled('ab')).toBe('ab');
  });
});
