import { describe, expect, it } from 'vitest';
import { PassedBuffers } from './passed-buffers.ts';

const mib = 1024 * 1024;

describe('PassedBuffers', () => {
  it('collects the young generation once per MiB, in chunks of any size', () => {
    const collected: unknown[] = [];
    const buffers = new PassedBuffers((how) => void collected.push(how));
    for (let read = 0; read < 15; read += 1) buffers.passed(mib / 16);
    expect(collected).toEqual([]);
    buffers.passed(mib / 16);
    expect(collected).toEqual([{ type: 'minor' }]);
    buffers.passed(2 * mib);
    buffers.passed(1);
    expect(collected).toHaveLength(2);
  });
});
