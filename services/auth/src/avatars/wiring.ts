import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import type { SigninParts } from '../signins/wiring.ts';
import { AvatarStore } from './avatar-store.ts';
import { Avatars } from './avatars.ts';
import { mountAvatars } from './http.ts';
import { Redraw } from './redraw.ts';

export type AvatarParts = ReturnType<typeof wireAvatars>;

/** Pictures of users, and their routes. */
export const wireAvatars = (parts: Core & SigninParts) => {
  const avatarStore = new AvatarStore(parts.connection);
  const avatars = new Avatars({ ...parts, store: avatarStore, redraw: new Redraw() });
  return {
    avatarStore,
    mountAvatars: (api: Api): void => mountAvatars(api, avatars),
  };
};
