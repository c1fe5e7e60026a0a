import { z } from 'zod';
import { commandLimits } from '../command-limits.ts';
import { LinuxUserName } from '../ids.ts';
import { MachineParams } from './machines.ts';
import { defineRoute } from './route.ts';

/**
 * Longest run time of a command, seconds. It leaves time for the network path, because the gateway gives up on a response after 60 s of
 * silence.
 */
export const maxCommandSeconds = 50;

export const CommandResult = z
  .object({
    command_id: z.string(),
    exit_code: z.number().int().nullable().meta({ description: 'Null when a signal or the time-out ended it.' }),
    signal: z.string().nullable(),
    stdout: z.string().meta({ description: 'UTF-8; what is not valid becomes U+FFFD.' }),
    stderr: z.string(),
    timed_out: z.boolean(),
    truncated: z.boolean().meta({ description: 'There was more than 128 KiB of stdout or of stderr.' }),
    duration_ms: z.number().int(),
    linux_user: z.string().optional().meta({
      description: 'The Linux user that ran it. Missing: the service that answered is of the version before.',
    }),
  })
  .meta({ id: 'CommandResult' });
export type CommandResult = z.infer<typeof CommandResult>;

const limitsInWords = [
  `At the same time a user runs at most ${commandLimits.ofUserOnMachine} commands on a machine and ${commandLimits.ofUserAtHub} at one hub,`,
  `and a machine ${commandLimits.onMachine} of all users: too_many_commands. A hub runs ${commandLimits.atHub} of all users: too_many_requests.`,
  'On a machine a command counts until its last process has ended.',
].join(' ');

export const runCommand = defineRoute({
  id: 'runMachineCommand',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/machines/:agent_id/command',
  access: 'user',
  summary: 'Run a command line in the shell of a Linux user of the machine, without a terminal',
  description: `Needs the right to run commands there. The command line stands in the audit log: put no secrets into it. ${limitsInWords}`,
  params: MachineParams,
  body: z.strictObject({
    command: z
      .string()
      .min(1)
      .max(8192)
      .refine((text) => !text.includes('\0'), 'must have no NUL character'),
    timeout_seconds: z.number().int().min(1).max(maxCommandSeconds).default(30),
    linux_user: LinuxUserName.optional().meta({
      description: 'The Linux user that runs it, by default the first of my_linux_users of the machine.',
    }),
  }),
  success: { status: 200, schema: CommandResult },
  errors: [
    'machine_not_found',
    'view_only',
    'linux_user_refused',
    'machine_offline',
    'command_not_run',
    'too_many_commands',
    'too_many_requests',
  ],
});

export const commandRoutes = [runCommand] as const;
