import { z } from 'zod';
import { Timestamp } from '../ids.ts';

export const UpdateChannel = z
  .enum(['stable', 'preview'])
  .meta({ description: 'preview: releases before they are stable, or the stable one while it is newer.' });
export type UpdateChannel = z.infer<typeof UpdateChannel>;

const AgentVersion = z
  .string()
  .regex(/^[0-9A-Za-z.+-]{1,64}$/)
  .meta({ example: '0.2.0' });

const policyFields = {
  channel: UpdateChannel,
  mode: z.enum(['automatic', 'hold', 'pin']).meta({
    description: 'automatic: when its wave comes. hold: only on request. pin: only the version in `version`.',
  }),
  version: AgentVersion.nullable().meta({ description: 'With pin: the only version to install. Else null.' }),
};

/** The versions that the agent of a machine gets by itself. */
export const UpdatePolicy = z
  .strictObject(policyFields)
  .refine(({ mode, version }) => (mode === 'pin') === (version !== null), 'must have a version with pin only')
  .meta({ id: 'UpdatePolicy', example: { channel: 'stable', mode: 'pin', version: '0.2.0' } });
export type UpdatePolicy = z.infer<typeof UpdatePolicy>;

export const MachineUpdateState = z
  .enum(['up_to_date', 'available', 'waiting', 'updating', 'failed', 'unsupported'])
  .meta({
    description:
      'waiting: requested, installed and not started yet, or tried again later (`reason`). failed: the version does not work on this ' +
      'machine (`reason`), which runs the version before. unsupported: the agent was not installed by the install command, is part of a ' +
      'container image (`reason`), or is too old.',
  });
export type MachineUpdateState = z.infer<typeof MachineUpdateState>;

export const MachineUpdate = z
  .object({
    policy: z.object(policyFields),
    state: MachineUpdateState,
    offered: z.string().nullable().meta({ description: 'The version of its channel. Null: nothing is published.' }),
    reason: z.string().nullable(),
    at: Timestamp.nullable().meta({ description: 'When the state began, if it is known.' }),
    part_of_image: z.boolean().optional().meta({
      description: 'Whether the agent is updated with its container image. `policy` has no effect then.',
    }),
  })
  .meta({ id: 'MachineUpdate' });
export type MachineUpdate = z.infer<typeof MachineUpdate>;
