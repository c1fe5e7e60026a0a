import { describe, expect, it } from 'vitest';
import { hasTerms, termsOf } from './search-terms.ts';

const finds = (query: string, line: string): boolean => hasTerms(line, termsOf(query));

describe('the words and phrases of a search', () => {
  it.each([
    ['nginx', 'systemctl restart nginx.service', true],
    ['NGINX', 'restart nginx', true],
    ['nginx', 'restart nginxplus', false],
    ['gin', 'nginx', false],
    ['restart nginx', 'nginx did restart', true],
    ['restart nginx', 'restart apache', false],
    ['"restart nginx"', 'nginx restart', false],
    ['"restart nginx"', 'will   restart\tnginx now', true],
    ['/etc/nginx', 'vi /etc/nginx/nginx.conf', true],
    ['/etc/nginx', 'vi /etc/apache', false],
    ['port 8', 'port 80', false],
    ['port 8', 'port 8 is open', true],
    ['"no such', 'no such file', true],
    ['été', 'ÉTÉ', true],
  ])('%s in %s: %s', (query, line, found) => {
    expect(finds(query, line)).toBe(found);
  });

  it.each(['x', '""', '   ', '--', Array.from({ length: 17 }, (_, n) => `w${n}`).join(' ')])(
    '%j is refused',
    (query) => {
      expect(() => termsOf(query)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    },
  );
});
