import photon from '@silvia-odwyer/photon-node';
import { maxAvatarBytes } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { admin } from '../testing/auth-under-test.ts';
import { signUp } from '../testing/sign-up.ts';
import { auth, useAuth } from '../testing/use-auth.ts';
import { pictureSize } from './picture-size.ts';
import { Redraw } from './redraw.ts';

useAuth(1);

/** The left half red, the right half blue. */
const picture = (width: number, height: number): InstanceType<typeof photon.PhotonImage> => {
  const pixels = new Uint8Array(width * height * 4);
  for (let at = 0; at < width * height; at += 1)
    pixels.set(at % width < width / 2 ? [255, 0, 0, 255] : [0, 0, 255, 255], at * 4);
  return new photon.PhotonImage(pixels, width, height);
};
const dataUrl = (type: string, file: Uint8Array): string =>
  `data:image/${type};base64,${Buffer.from(file).toString('base64')}`;

const somebody = () => signUp(auth, 'face');
type Somebody = Awaited<ReturnType<typeof somebody>>;
const put = (me: Somebody, url: string) =>
  auth.call('POST', '/api/profile/upload-avatar', { avatar_url: url }, { token: me.token });
const fetched = async (path: unknown): Promise<{ status: number; headers: Headers; png: Buffer }> => {
  const response = await auth.fetch(String(path));
  return { status: response.status, headers: response.headers, png: Buffer.from(await response.arrayBuffer()) };
};
const shown = async (me: Somebody): Promise<unknown> =>
  (await auth.call('GET', '/api/profile', undefined, { token: me.token })).body.user?.avatar_url;

describe('the picture of a user', () => {
  it.each([
    ['png', picture(400, 300).get_bytes()],
    ['jpeg', picture(300, 400).get_bytes_jpeg(80)],
    ['webp', picture(64, 64).get_bytes_webp()],
  ])('is converted from a %s to a small square PNG, and served as that only', async (type, file) => {
    const me = await somebody();
    const answer = await put(me, dataUrl(type, file));
    expect([answer.status, answer.body]).toEqual([
      200,
      { message: expect.any(String), avatar_url: expect.stringMatching(/^\/api\/avatars\/[\w-]{22}$/) },
    ]);
    expect(await shown(me)).toBe(answer.body.avatar_url);
    const { status, headers, png } = await fetched(answer.body.avatar_url);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('image/png');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(png.length).toBeLessThan(64 * 1024);
    expect(pictureSize(png)).toEqual({ width: 120, height: 120 });
    const pixels = photon.PhotonImage.new_from_byteslice(png).get_raw_pixels();
    const pixel = (x: number, y: number): number[] => [...pixels.subarray((y * 120 + x) * 4, (y * 120 + x) * 4 + 3)];
    expect(pixel(10, 60).map((each) => Math.round(each / 255))).toEqual([1, 0, 0]);
    expect(pixel(110, 60).map((each) => Math.round(each / 255))).toEqual([0, 0, 1]);
  });

  it('contains only pixels', async () => {
    const me = await somebody();
    const hidden = '<script>alert(document.domain)</script>';
    const answer = await put(me, dataUrl('png', Buffer.concat([picture(50, 50).get_bytes(), Buffer.from(hidden)])));
    const { png } = await fetched(answer.body.avatar_url);
    expect(png.toString('latin1')).not.toContain('script');
  });

  it('is replaced by the next, can be removed, and is deleted with the account', async () => {
    const me = await somebody();
    const url = dataUrl('png', picture(20, 20).get_bytes());
    const first = (await put(me, url)).body.avatar_url;
    const second = (await put(me, url)).body.avatar_url;
    expect((await fetched(first)).status).toBe(404);
    expect((await fetched(second)).status).toBe(200);
    const takeDown = () => auth.call('DELETE', '/api/profile/avatar', undefined, { token: me.token });
    expect((await takeDown()).status).toBe(204);
    expect((await takeDown()).status).toBe(204);
    expect(await shown(me)).toBeNull();
    expect((await fetched(second)).status).toBe(404);
    const third = (await put(me, url)).body.avatar_url;
    const adminToken = (await auth.call('POST', '/api/login', admin)).body.token;
    const path = `/api/users/${me.id}?machines=remove`;
    expect((await auth.call('DELETE', path, undefined, { token: adminToken })).status).toBe(204);
    expect((await fetched(third)).status).toBe(404);
  });

  it('is refused if it is no picture, broken, or too large', async () => {
    const me = await somebody();
    const png = Buffer.from(picture(60, 60).get_bytes());
    const bomb = Buffer.from(png);
    bomb.writeUInt32BE(60_000, 16);
    const lied = Buffer.from(png);
    lied.writeUInt32BE(61, 16);
    const refused = [
      'https://example.com/me.png',
      'data:image/svg+xml;base64,AAAA',
      'data:image/png;base64,????',
      dataUrl('png', Buffer.from('<html>')),
      dataUrl('png', png.subarray(0, 60)),
      dataUrl('png', bomb),
      dataUrl('png', lied),
      dataUrl('png', Buffer.concat([png, Buffer.alloc(maxAvatarBytes - png.length + 3)])),
    ];
    for (const url of refused) {
      const answer = await put(me, url);
      expect([url.slice(0, 60), answer.status, answer.body.details]).toMatchObject([
        url.slice(0, 60),
        400,
        [{ path: 'avatar_url' }],
      ]);
    }
    expect(await shown(me)).toBeNull();
  });

  it('accepts the largest that the contract allows', async () => {
    const me = await somebody();
    const png = Buffer.from(picture(60, 60).get_bytes());
    const largest = Buffer.concat([png, Buffer.alloc(maxAvatarBytes - png.length)]);
    expect((await put(me, dataUrl('webp', largest))).status).toBe(200);
  });

  it('waits in a queue, and is 503 if too many wait', async () => {
    const redraw = new Redraw();
    const file = Buffer.from(picture(60, 60).get_bytes());
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () =>
        redraw.png(file).then(
          () => 'drawn',
          (error: unknown) => (error instanceof AppError ? error.code : 'broke'),
        ),
      ),
    );
    expect(outcomes.filter((each) => each === 'drawn')).toHaveLength(9);
    expect(outcomes.at(-1)).toBe('unavailable');
  });
});
