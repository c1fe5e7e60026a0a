import { z } from 'zod';
import { defineRoute } from './route.ts';

/** Hours without use after which a terminal ends. */
export const idleHours = { smallest: 0.25, largest: 8760 } as const;

export const SessionLimits = z
  .object({
    idle_hours: z.number().min(idleHours.smallest).max(idleHours.largest).nullable().meta({
      description:
        'Hours after which a terminal ends on which nothing is typed, nothing is printed, and no program has the foreground. Null: no limit. A machine may have a shorter one.',
    }),
  })
  .meta({ id: 'SessionLimits' });
export type SessionLimits = z.infer<typeof SessionLimits>;

export const getSessionLimits = defineRoute({
  id: 'sessionLimits',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/session-limits',
  access: 'user',
  summary: 'How long terminals may be unused',
  success: { status: 200, schema: SessionLimits },
});

export const changeSessionLimits = defineRoute({
  id: 'changeSessionLimits',
  owner: 'agent-hub',
  method: 'patch',
  path: '/api/session-limits',
  access: 'admin',
  summary: 'Change how long terminals may be unused',
  description:
    'Agents get it within 10 s, and keep it while they cannot reach a hub. It applies to terminals that are open, too: their viewers are warned 5 minutes before the end.',
  body: z.strictObject(SessionLimits.shape),
  success: { status: 200, schema: SessionLimits },
});

export const sessionLimitRoutes = [getSessionLimits, changeSessionLimits] as const;
