import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import type { SigninParts } from '../signins/wiring.ts';
import { mountPreferences } from './http.ts';
import { PreferenceStore } from './preference-store.ts';

export type PreferenceParts = ReturnType<typeof wirePreferences>;

/** The settings of users, and their routes. */
export const wirePreferences = (parts: Core & SigninParts) => {
  const preferenceStore = new PreferenceStore(parts.connection);
  return {
    preferenceStore,
    mountPreferences: (api: Api): void => mountPreferences(api, { ...parts, preferenceStore }),
  };
};
