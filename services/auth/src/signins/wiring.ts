import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import { CallerCheck } from './caller-check.ts';
import { mountSignins } from './http.ts';
import { LastSeen } from './last-seen.ts';
import { Signins } from './signins.ts';

export type SigninParts = ReturnType<typeof wireSignins>;

/** Sign-ins, their tokens and their routes. */
export const wireSignins = (core: Core) => {
  const signins = new Signins({ ...core, maxPerUser: core.settings.MAX_SIGNINS_PER_USER });
  const lastSeen = new LastSeen(core.store, core.logger);
  return {
    signins,
    callerCheck: new CallerCheck(core.users, core.store),
    lastSeen,
    mountSignins: (api: Api): void => mountSignins(api, { ...core, signins, lastSeen }),
  };
};
