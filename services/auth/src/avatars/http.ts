import { avatar, deleteAvatar, uploadAvatar } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Avatars } from './avatars.ts';

/** A day in seconds. A URL never shows a different picture, but a deleted one must disappear from caches eventually. */
const keptSeconds = 86_400;

/** Routes to upload and show pictures. */
export const mountAvatars = (api: Api, avatars: Avatars): void => {
  api.mount(uploadAvatar, async ({ caller, body }) => ({
    message: 'Your picture is up.',
    avatar_url: await avatars.put(caller, body.avatar_url),
  }));

  api.mount(deleteAvatar, async ({ caller }) => {
    await avatars.remove(caller);
    return undefined;
  });

  api.mount(avatar, async ({ params, context }) => {
    const png = await avatars.png(params.id);
    // If a browser opens it as a page, the policy allows nothing but the picture.
    context.response
      .set({
        'content-type': 'image/png',
        'cache-control': `private, max-age=${keptSeconds}, immutable`,
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
      })
      .send(png);
    return undefined;
  });
};
