import { describe, expect, it } from 'vitest';
import { contentOf, limitOf, limits } from './content.ts';

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const shown = (name: string, text: string) => contentOf(name, bytes(text), text.length);

describe('the content of a file', () => {
  it.each([
    ['', '\n'],
    ['a\nb\n', '\n'],
    ['a\r\nb\r\n', '\r\n'],
    ['a\r\nb\n', '\n'],
    ['a\rb\r\n', '\n'],
    ['a\r\r\nb\r\n', '\n'],
    ['\n\r\n', '\n'],
  ])('%j is text with its line breaks', (text, lineBreak) => {
    expect(shown('a.txt', text)).toEqual({ kind: 'text', text, lineBreak });
  });

  it('keeps a byte order mark', () => {
    expect(shown('a.txt', '\xef\xbb\xbfa')).toMatchObject({ kind: 'text', text: '\ufeffa' });
  });

  it.each([
    ['latin1', 'a.txt', 'caf\xe9'],
    ['binary', 'a.txt', 'a\0b'],
    ['no picture', 'a.png', 'x'.repeat(limits.text + 1)],
  ])('that is %s is not shown', (_what, name, text) => expect(shown(name, text).kind).toBe('none'));

  it('is a picture by its bytes, not by its name, and never one that can contain scripts', () => {
    const png = shown('notes.txt', '\x89PNG\r\n\x1a\n\0');
    expect(png.kind === 'image' && png.image.type).toBe('image/png');
    expect(shown('picture.svg', '<svg onload="alert(1)"/>').kind).toBe('text');
    expect(shown('picture.png', '<html><script>alert(1)</script>').kind).toBe('text');
  });

  it('above the limit is not shown, whatever was loaded of it', () => {
    expect(contentOf('a.txt', bytes('beginning'), limits.text + 1)).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('at most 2.0 MiB'),
    });
    expect([limitOf('a.PNG'), limitOf('png')]).toEqual([limits.image, limits.text]);
  });
});
