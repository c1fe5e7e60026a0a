import { describe, expect, it } from 'vitest';
import { lengthOf, type UploadRequest } from './upload.ts';

const withLength = (length: string | undefined): UploadRequest['request'] =>
  ({ headers: { 'content-length': length } }) as UploadRequest['request'];
const mib = 1024 * 1024;

describe('an upload', () => {
  it('is refused above the limit, and without its length', () => {
    expect(lengthOf(withLength(String(2 * mib)), 2 * mib)).toBe(2 * mib);
    expect(() => lengthOf(withLength(String(2 * mib + 1)), 2 * mib)).toThrow(
      expect.objectContaining({
        code: 'file_too_large',
        message: 'The file is larger than the 2 MiB that this server allows.',
      }),
    );
    expect(() => lengthOf(withLength(undefined), mib)).toThrow(expect.objectContaining({ code: 'length_required' }));
  });
});
