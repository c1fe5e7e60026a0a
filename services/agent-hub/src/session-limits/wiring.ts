import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import { mountSessionLimits } from './http.ts';
import { SessionLimits } from './session-limits.ts';

export type SessionLimitParts = ReturnType<typeof wireSessionLimits>;

/** The limits of terminals, and their routes. */
export const wireSessionLimits = (core: Core) => {
  const sessionLimits = new SessionLimits(core);
  return {
    sessionLimits,
    mountSessionLimits: (api: Api): void => mountSessionLimits(api, { ...core, sessionLimits }),
  };
};
