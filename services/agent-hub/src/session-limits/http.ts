import { changeSessionLimits, getSessionLimits } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { MachineModels } from '../machines/record.ts';
import type { SessionLimits } from './session-limits.ts';

export interface SessionLimitsHttpOptions {
  readonly models: Pick<MachineModels, 'sessionLimits'>;
  readonly sessionLimits: SessionLimits;
  readonly auditor: Pick<Auditor, 'recordIn'>;
}

/** Mounts the routes that show and change how long terminals may be unused. */
export const mountSessionLimits = (api: Api, { models, sessionLimits, auditor }: SessionLimitsHttpOptions): void => {
  api.mount(getSessionLimits, () => sessionLimits.read());

  api.mount(changeSessionLimits, async ({ body }) => {
    await models.sessionLimits.db.transaction(async (session) => {
      await sessionLimits.write(body, session);
      await auditor.recordIn(session, { action: 'session_limits_changed', details: body });
    });
    await sessionLimits.refresh();
    return body;
  });
};
