import photon from '@silvia-odwyer/photon-node';
import { describe, expect, it } from 'vitest';
import { pictureSize } from './picture-size.ts';

const picture = new photon.PhotonImage(new Uint8Array(24 * 16 * 4).fill(200), 24, 16);
const png = Buffer.from(picture.get_bytes());
const jpeg = Buffer.from(picture.get_bytes_jpeg(80));
const webp = Buffer.from(picture.get_bytes_webp());

/** The first bytes of a WebP file with this chunk. */
const webpHead = (chunk: string, payload: number[]): Buffer =>
  Buffer.concat([Buffer.from(`RIFF....WEBP${chunk}....`, 'latin1'), Buffer.from(payload), Buffer.alloc(10)]);

describe('the size of a picture', () => {
  it.each([
    ['PNG', png],
    ['JPEG', jpeg],
    [
      'JPEG with fill bytes and a comment',
      Buffer.concat([jpeg.subarray(0, 2), Buffer.from('fffffffe0004aaaa', 'hex'), jpeg.subarray(2)]),
    ],
    ['WebP', webp],
    ['WebP, lossy', webpHead('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 24, 0x40, 16, 0x80])],
    ['WebP, extended', webpHead('VP8X', [0, 0, 0, 0, 23, 0, 0, 15, 0, 0])],
  ])('is read from the header of a %s', (_kind, file) => {
    expect(pictureSize(file)).toEqual({ width: 24, height: 16 });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a page', Buffer.from('<html><script>alert(1)</script></html>')],
    ['a GIF', Buffer.from('GIF89a\x18\x00\x10\x00\x80\x00\x00'.padEnd(40, '\0'), 'latin1')],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="24" height="16"/>')],
    ['a JPEG without a frame', Buffer.from('ffd8ffe000040000ffd9', 'hex')],
    ['an unknown WebP', webpHead('ANIM', [])],
    ...[png, jpeg, webp].map((file, index): [string, Buffer] => [
      `a picture cut short (${index})`,
      file.subarray(0, 12),
    ]),
  ])('is unknown for %s', (_kind, file) => {
    expect(pictureSize(file)).toBeUndefined();
  });
});
