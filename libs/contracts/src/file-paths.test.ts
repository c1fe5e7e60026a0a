import { describe, expect, it } from 'vitest';
import { bytesOfPath, joinPath, maxPathBytes, nameOf, pathProblem, textOfPath } from './file-paths.ts';

const bytes = (...parts: (string | number)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part)))));

describe('a name as text', () => {
  it.each([
    ['plain', bytes('plain'), 'plain'],
    ['UTF-8', bytes('café 文件 🙂'), 'café 文件 🙂'],
    ['latin1', bytes('caf', 0xe9), 'caf\\xe9'],
    ['a backslash', bytes('a\\xe9'), 'a\\\\xe9'],
    ['a byte between characters', bytes('é', 0xff, 'é'), 'é\\xffé'],
    ['a cut character', bytes('a', 0xe6, 0x96), 'a\\xe6\\x96'],
    ['an overlong slash', bytes(0xc0, 0xaf), '\\xc0\\xaf'],
    ['a surrogate', bytes(0xed, 0xa0, 0x80), '\\xed\\xa0\\x80'],
    ['a byte order mark', bytes(0xef, 0xbb, 0xbf, 'a'), '\ufeffa'],
    ['a line feed', bytes('a\nb'), 'a\nb'],
  ])('%s comes back as the same bytes', (_what, name, text) => {
    expect(textOfPath(name)).toBe(text);
    expect(bytesOfPath(text)).toEqual(name);
  });

  it('has the same bytes for any bytes', () => {
    for (let first = 0; first < 256; first += 1)
      for (const second of [0x00, 0x2f, 0x5c, 0x78, 0x80, 0xbf, 0xff]) {
        const name = bytes('a', first, second, 'z');
        expect(bytesOfPath(textOfPath(name))).toEqual(name);
      }
  });

  it.each(['a\\', 'a\\n', '\\xE9', '\\x1', '\ud800'])('%j is no name', (text) => {
    expect(bytesOfPath(text)).toBeUndefined();
  });
});

describe('a path', () => {
  const onlyBytes = 'must write \\xHH only for a byte that is not part of UTF-8';

  it.each(['/', '/etc/passwd', '/a//b/', '/.hidden', '/a...b', '/caf\\xe9', `/${'a'.repeat(maxPathBytes - 1)}`])(
    '%s is allowed',
    (path) => expect(pathProblem(path)).toBeUndefined(),
  );

  it.each([
    ['relative', 'etc', 'must begin with /'],
    ['empty', '', 'must begin with /'],
    ['with two dots', '/etc/../root', 'must have no . or .. between slashes'],
    ['with dots at its end', '/etc/..', 'must have no . or .. between slashes'],
    ['with a dot', '/./etc', 'must have no . or .. between slashes'],
    ['with NUL', '/etc/\0', 'must have no NUL'],
    ['with a written NUL', '/etc/\\x00', 'must have no NUL'],
    ['too long', `/${'a'.repeat(maxPathBytes)}`, 'must have at most 4095 bytes'],
    ['too long in bytes', `/${'é'.repeat(2100)}`, 'must have at most 4095 bytes'],
    ['with written dots', '/etc/\\x2e\\x2e/root', onlyBytes],
    ['with a written slash', '/a\\x2fb', onlyBytes],
    ['with a letter as a byte', '/etc/\\x73hadow', onlyBytes],
    ['with UTF-8 as bytes', '/caf\\xc3\\xa9', onlyBytes],
    ['with a lone backslash', '/a\\b', 'must write a backslash as \\\\ and a byte that is not UTF-8 as \\xHH'],
  ])('%s is refused', (_what, path, problem) => expect(pathProblem(path)).toBe(problem));

  it('has a name', () => {
    expect(['/', '/a', '/a/b', '/a/b/'].map(nameOf)).toEqual(['', 'a', 'b', 'b']);
    expect([joinPath('/', 'a'), joinPath('/a', 'b')]).toEqual(['/a', '/a/b']);
  });
});
