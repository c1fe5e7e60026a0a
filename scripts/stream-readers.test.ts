import { describe, expect, it } from 'vitest';
import { testsIn } from '../e2e/support/named-tests.ts';
import { filesOf, read } from './markdown-links.ts';

const page = read('docs/degraded-modes.md');

const sources = filesOf('*.ts').filter(
  (path) => /^(services|libs)\//.test(path) && !/\.test\.ts$|\/testing\/|\/generated\//.test(path),
);
const sourcesWith = (pattern: RegExp): string[] => sources.filter((path) => pattern.test(read(path))).sort();

describe('the readers of streams and buckets', () => {
  it('use the helpers that survive the loss of a stream, a bucket or a consumer', () => {
    expect(sourcesWith(/consumer\.consume\(|kv\.watch\(|consumers\.add\(/)).toEqual([
      'libs/shared/src/bus/follow-stream.ts',
      'libs/shared/src/bus/kv-view.ts',
      'services/auth/src/audit/checkpoint-reader.ts',
    ]);
  });

  it('have a row with a test in docs/degraded-modes.md', () => {
    const places = sourcesWith(/new (AllowList|PresenceView|StreamFollower|CheckpointReader)\(|followEvents\(\{/);
    const inServices = places.filter((path) => path.startsWith('services/'));
    expect(inServices.length).toBeGreaterThan(5);
    const rows = page.split('\n').filter((line) => line.startsWith('| '));
    const withoutRow = inServices.filter(
      (path) => !rows.some((row) => row.includes(`(../${path})`) && testsIn(row).length > 0),
    );
    expect(withoutRow).toEqual([]);
  });
});
