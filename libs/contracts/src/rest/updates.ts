import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { Machine, MachineParams } from './machines.ts';
import { defineRoute } from './route.ts';
import { UpdateChannel } from './update-state.ts';

export const requestUpdate = defineRoute({
  id: 'requestUpdate',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/:agent_id/update',
  access: 'user',
  summary: 'Update the agent of a machine now, or once it is online; for its owner and administrators',
  description:
    'It waits for no wave. Open terminals stay open. An agent refuses a version that failed on its machine before.',
  params: MachineParams,
  success: { status: 202, schema: Machine },
  errors: ['machine_not_found', 'forbidden', 'no_update'],
});

const count = z.number().int().min(0);

/** The roll-out of the release of a channel. */
export const Rollout = z
  .object({
    channel: UpdateChannel,
    version: z.string().nullable().meta({ description: 'Null: nothing is published in this channel.' }),
    released: Timestamp.nullable(),
    state: z.enum(['idle', 'running', 'paused', 'stopped', 'finished']).meta({
      description:
        'stopped: too many machines failed (`reason`). finished: no machine that is online has to be updated.',
    }),
    reason: z.string().nullable(),
    wave: count.meta({ description: 'From 1; 0 while idle.' }),
    waves: count,
    wave_percent: z.number().meta({ description: 'Share of the machines that this wave and those before it contain.' }),
    machines: z
      .object({
        total: count,
        up_to_date: count,
        updating: count,
        failed: count,
        waiting: count.meta({ description: 'Automatic, not updated yet, online or offline.' }),
        held: count.meta({ description: 'On hold, or pinned to another version.' }),
        unsupported: count,
      })
      .meta({ description: 'Machines that follow this channel.' }),
  })
  .meta({ id: 'Rollout' });
export type Rollout = z.infer<typeof Rollout>;

export const listRollouts = defineRoute({
  id: 'listRollouts',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/updates',
  access: 'admin',
  summary: 'The roll-out of agent versions, by channel',
  success: { status: 200, schema: z.object({ rollouts: z.array(Rollout) }).meta({ id: 'RolloutList' }) },
});

export const changeRollout = defineRoute({
  id: 'changeRollout',
  owner: 'agent-hub',
  method: 'patch',
  path: '/api/updates/:channel',
  access: 'admin',
  summary: 'Pause or resume the automatic updates of a channel',
  description:
    'Paused, no machine is updated by itself, also by later versions. To resume a stopped roll-out allows as many failures again.',
  params: z.strictObject({ channel: UpdateChannel }),
  body: z.strictObject({ paused: z.boolean() }),
  success: { status: 200, schema: Rollout },
  errors: ['conflict'],
});

export const updateRoutes = [requestUpdate, listRollouts, changeRollout] as const;
