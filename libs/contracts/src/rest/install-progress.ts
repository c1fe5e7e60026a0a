import { z } from 'zod';
import { Timestamp } from '../ids.ts';
import { defineRoute } from './route.ts';

/** The steps of install.sh in their order. After `connecting` the machine is online. */
export const installSteps = ['checking', 'downloading', 'installing', 'configuring', 'connecting'] as const;
export const InstallStep = z.enum(installSteps);
export type InstallStep = z.infer<typeof InstallStep>;

const InstallText = z.string().max(500);
/** Why install.sh ended before the machine was online: what failed, the cause, and the correction. The last two may be empty. */
const InstallProblem = z.object({ what: InstallText, why: InstallText, remedy: InstallText });

/** The last report of install.sh about a machine. */
export const InstallProgress = z
  .object({
    step: InstallStep,
    at: Timestamp,
    problem: InstallProblem.nullable().meta({ description: 'Set: the installation failed at this step.' }),
  })
  .meta({ id: 'InstallProgress' });
export type InstallProgress = z.infer<typeof InstallProgress>;

export const reportInstallProgress = defineRoute({
  id: 'reportInstallProgress',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/install-progress',
  access: 'public',
  summary: 'Report a step of an installation, for install.sh',
  description:
    'The page that shows the install command shows the last step. The registration token names the machine. A token ' +
    'that has expired or was used is accepted here, so that the page can show why it was refused.',
  body: z.strictObject({
    token: z
      .string()
      .regex(/^wxt_rt_[A-Za-z0-9_-]{43}$/, 'must be a registration token')
      .meta({ example: `wxt_rt_${'x'.repeat(43)}` }),
    step: InstallStep,
    problem: z
      .strictObject({ what: InstallText.min(1), why: InstallText.default(''), remedy: InstallText.default('') })
      .nullable()
      .default(null),
  }),
  success: { status: 204 },
  errors: ['bad_registration_token', 'too_many_requests'],
});
