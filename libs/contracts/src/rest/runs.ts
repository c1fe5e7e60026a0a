import { z } from 'zod';
import { commandLimits } from '../command-limits.ts';
import { AgentId, LinuxUserName, Timestamp, UserId } from '../ids.ts';
import { runDefaults, runLimits } from '../run-limits.ts';
import { variableName } from '../variable-name.ts';
import { Moment } from './audit.ts';
import { defineRoute, PageQuery, pageFields, searchText } from './route.ts';

/** 128 random bits as base64url without padding (22 characters). The hub that starts the run creates it. */
export const RunId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'must be a run id')
  .meta({ example: 'h3Jd0xkTqkaG2mYv1nUo9A' });

/**
 * The state of one machine of a run. `waiting`: not begun. `sent`: the machine has not acknowledged the start. `ended`: with an exit code or
 * by a signal. `cancelled`: it was not begun, or was ended, because the run was cancelled or the right to run it ended. `unreachable`: the
 * machine was offline, or did not answer in time; the command may have run if `sent_at` is set. `not_started`: the machine refused it.
 */
export const RunTargetState = z.enum([
  'waiting',
  'sent',
  'running',
  'ended',
  'timed_out',
  'cancelled',
  'unreachable',
  'not_started',
]);
export type RunTargetState = z.infer<typeof RunTargetState>;

/** `succeeded`: exit code 0. `failed`: any other end. `cancelled`: cancelled. */
export const RunOutcome = z.enum(['succeeded', 'failed', 'cancelled']);
export type RunOutcome = z.infer<typeof RunOutcome>;

export const RunState = z.enum(['running', 'cancelling', 'ended']);
export type RunState = z.infer<typeof RunState>;

/**
 * Why a run stopped early. `cancelled`: by its user. `too_many_failures`: of `stop_after_failures`. `signin_ended`: the sign-in or access token
 * that started it. `user_disabled`: its user. `too_long`: it took longer than a run may.
 */
export const RunStopCause = z.enum(['cancelled', 'too_many_failures', 'signin_ended', 'user_disabled', 'too_long']);
export type RunStopCause = z.infer<typeof RunStopCause>;

const noNul = (text: string): boolean => !text.includes('\0');
const Input = z.string().max(runLimits.input).refine(noNul, 'must have no NUL character');

const VariableName = z
  .string()
  .max(128)
  .regex(variableName, 'must be the name of a variable that does not begin with VSAY_');

const RunInputs = {
  command: z
    .string()
    .min(1)
    .max(runLimits.command)
    .refine(noNul, 'must have no NUL character')
    .meta({ description: 'A command line or a script of several lines, for the login shell of the Linux user.' }),
  arguments: z
    .array(Input)
    .max(runLimits.inputs)
    .meta({ description: '$1, $2, … of the command. Never part of its text.' }),
  environment: z
    .record(VariableName, Input)
    .refine((variables) => Object.keys(variables).length <= runLimits.inputs, `must have ${runLimits.inputs} or fewer`)
    .meta({ description: 'Environment variables of the command. Never part of its text.' }),
  timeout_seconds: z.number().int().min(1).max(runLimits.timeoutSeconds),
} as const;

const counts = {
  total: z.number().int(),
  waiting: z.number().int(),
  sent: z.number().int(),
  running: z.number().int(),
  succeeded: z.number().int().meta({ description: 'Ended with exit code 0.' }),
  failed: z.number().int().meta({ description: 'Ended with another exit code or by a signal.' }),
  timed_out: z.number().int(),
  cancelled: z.number().int(),
  unreachable: z.number().int(),
  not_started: z.number().int(),
};
export const RunCounts = z.object(counts);
export type RunCounts = z.infer<typeof RunCounts>;

const RunFields = z.object({
  run_id: RunId,
  user_id: UserId,
  username: z.string(),
  state: RunState,
  cause: RunStopCause.nullable().meta({ description: 'Why it stopped early. Null: it did not.' }),
  ...RunInputs,
  linux_user: z.string().nullable().meta({ description: 'Null: the default of each machine.' }),
  concurrency: z.number().int().meta({ description: 'Commands in progress at the same time.' }),
  stop_after_failures: z.number().int().nullable(),
  wait_until: Timestamp.nullable().meta({
    description: 'Machines that are offline are waited for until then. Null: they are skipped.',
  }),
  tag: z.string().nullable(),
  search: z.string().nullable(),
  failed_of: RunId.nullable(),
  counts: RunCounts,
  created_at: Timestamp,
  ended_at: Timestamp.nullable(),
  expires_at: Timestamp.meta({ description: 'The run and its outputs are deleted then.' }),
});
export const Run = RunFields.meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;

const RunTargetFields = z.object({
  agent_id: AgentId,
  name: z.string().meta({ description: 'The name of the machine at the start of the run.' }),
  state: RunTargetState,
  outcome: RunOutcome.nullable(),
  exit_code: z.number().int().nullable(),
  signal: z.string().nullable(),
  reason: z.string().nullable().meta({
    description: 'With cancelled, unreachable and not_started: a code, such as machine_offline or too_many_commands.',
  }),
  message: z.string().nullable().meta({ description: 'With a reason: what happened, for a person.' }),
  linux_user: z.string().nullable(),
  sent_at: Timestamp.nullable(),
  started_at: Timestamp.nullable(),
  ended_at: Timestamp.nullable(),
  stdout_bytes: z.number().int(),
  stderr_bytes: z.number().int(),
  truncated: z.boolean().meta({ description: `There was more than ${runLimits.output} bytes of stdout or of stderr.` }),
  output_hash: z.string().nullable().meta({
    description: 'Equal for machines with the same state, exit code or signal, stdout and stderr.',
  }),
});
export const RunTarget = RunTargetFields.meta({ id: 'RunTarget' });
export type RunTarget = z.infer<typeof RunTarget>;

export const RunOutput = RunTarget.extend({
  stdout: z.string().meta({ description: 'UTF-8; what is not valid becomes U+FFFD.' }),
  stderr: z.string(),
}).meta({ id: 'RunOutput' });
export type RunOutput = z.infer<typeof RunOutput>;

export const RunGroup = z
  .object({
    output_hash: z.string(),
    count: z.number().int(),
    state: RunTargetState,
    outcome: RunOutcome,
    exit_code: z.number().int().nullable(),
    signal: z.string().nullable(),
    agent_ids: z.array(AgentId).meta({ description: `At most ${runLimits.groupMachines} of them.` }),
    preview: z
      .string()
      .nullable()
      .meta({
        description: `The first ${runLimits.preview} characters of stdout, or of stderr without stdout. Null: no machine of the group may be read any more.`,
      }),
  })
  .meta({ id: 'RunGroup' });
export type RunGroup = z.infer<typeof RunGroup>;

export const NewRun = z
  .strictObject({
    ...RunInputs,
    arguments: RunInputs.arguments.default([]),
    environment: RunInputs.environment.default({}),
    timeout_seconds: RunInputs.timeout_seconds.default(runDefaults.timeoutSeconds),
    linux_user: LinuxUserName.optional().meta({
      description: 'The Linux user of every machine, by default the first of my_linux_users of each.',
    }),
    agent_ids: z.array(AgentId).min(1).max(runLimits.targets).optional(),
    tag: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .meta({ description: 'The machines with this tag. With search: of those.' }),
    search: searchText(200).min(1).optional().meta({ description: 'Part of name, description or a tag, any case.' }),
    failed_of: RunId.optional().meta({
      description:
        'The machines of this earlier run with the outcome failed: also those that were unreachable, or on which it was not started.',
    }),
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(runLimits.concurrency)
      .optional()
      .meta({
        description: `Commands in progress at the same time, by default ${runDefaults.concurrency}.`,
      }),
    concurrency_percent: z
      .number()
      .min(1)
      .max(100)
      .optional()
      .meta({
        description: `The same as a share of the machines, rounded up, at most ${runLimits.concurrency}.`,
      }),
    stop_after_failures: z.number().int().min(1).max(runLimits.targets).optional().meta({
      description: 'No further machine begins after this many failures. Commands in progress go on.',
    }),
    wait_until: Moment.optional().meta({
      description: `Waits for machines that are offline, at most ${runLimits.days} days. Missing: they are skipped as unreachable.`,
    }),
  })
  .refine(
    ({ agent_ids, tag, search, failed_of }) =>
      [agent_ids, tag ?? search, failed_of].filter((each) => each !== undefined).length === 1,
    'must name the machines by one of agent_ids, failed_of, or tag and search',
  )
  .refine(
    ({ concurrency, concurrency_percent }) => concurrency === undefined || concurrency_percent === undefined,
    'must have one of concurrency and concurrency_percent',
  )
  .meta({ example: { command: 'systemctl restart "$1"', arguments: ['nginx'], tag: 'web', stop_after_failures: 3 } });
export type NewRun = z.input<typeof NewRun>;

const RunParams = z.strictObject({ run_id: z.string().max(64) });

export const createRun = defineRoute({
  id: 'createRun',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/runs',
  access: 'user',
  summary: 'Run a command on many machines',
  description: [
    'The machines are resolved now. Those that tag, search or failed_of finds and on which the caller may run no commands are left out; a named one is an error. A tag or a search leaves out machines that were never connected.',
    'Each machine starts the command at most once. The command stands in the audit log: put no secrets into it.',
    `A user has at most ${runLimits.ofUser} runs in progress, and starts ${runLimits.ofUserADay} in 24 hours, on ${runLimits.targetsOfUserADay} machines: too_many_runs. Each command counts as one of the ${commandLimits.ofUserOnMachine} of the user on its machine.`,
    'The run ends with the sign-in or access token that starts it.',
  ].join(' '),
  body: NewRun,
  success: { status: 201, schema: Run },
  errors: ['machine_not_found', 'view_only', 'run_not_found', 'no_machines', 'too_many_runs'],
});

export const listRuns = defineRoute({
  id: 'listRuns',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/runs',
  access: 'user',
  summary: 'My runs, the latest first',
  description: 'An access token that is limited to machines lists the runs that it started.',
  query: PageQuery.omit({ page: true }),
  success: {
    status: 200,
    schema: z.object({ runs: z.array(Run), total: pageFields.total, next_cursor: z.string().nullable() }),
  },
});

export const getRun = defineRoute({
  id: 'getRun',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/runs/:run_id',
  access: 'user',
  summary: 'One of my runs',
  params: RunParams,
  success: { status: 200, schema: Run },
  errors: ['run_not_found'],
});

export const listRunTargets = defineRoute({
  id: 'listRunTargets',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/runs/:run_id/targets',
  access: 'user',
  summary: 'The machines of a run and their states, in its order',
  params: RunParams,
  query: PageQuery.omit({ page: true }).extend({
    state: RunTargetState.optional(),
    outcome: RunOutcome.optional(),
    output_hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be an output_hash of this run')
      .optional(),
  }),
  success: {
    status: 200,
    schema: z.object({ targets: z.array(RunTarget), total: pageFields.total, next_cursor: z.string().nullable() }),
  },
  errors: ['run_not_found'],
});

export const getRunOutput = defineRoute({
  id: 'getRunOutput',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/runs/:run_id/targets/:agent_id/output',
  access: 'user',
  summary: 'The output of one machine of a run',
  description: 'Needs the right to run commands on the machine now.',
  params: RunParams.extend({ agent_id: z.string().max(64) }),
  success: { status: 200, schema: RunOutput },
  errors: ['run_not_found', 'machine_not_found', 'view_only', 'linux_user_refused'],
});

export const listRunGroups = defineRoute({
  id: 'listRunGroups',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/runs/:run_id/groups',
  access: 'user',
  summary: 'The machines of a run, grouped by equal output, the largest group first',
  description: `At most ${runLimits.groups} groups of the machines whose command has ended.`,
  params: RunParams,
  success: {
    status: 200,
    schema: z.object({
      groups: z.array(RunGroup),
      more: z.boolean().meta({ description: 'There are more groups than these.' }),
    }),
  },
  errors: ['run_not_found'],
});

export const exportRun = defineRoute({
  id: 'exportRun',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/runs/:run_id/export.ndjson',
  access: 'user',
  summary: 'The machines of a run with their outputs, one JSON object a line',
  description:
    'Each line is a RunOutput. Those of machines on which the caller may run commands no longer have null for stdout and stderr.',
  params: RunParams,
  success: { status: 200, stream: 'application/x-ndjson' },
  errors: ['run_not_found', 'too_many_requests'],
});

export const cancelRun = defineRoute({
  id: 'cancelRun',
  owner: 'agent-hub',
  method: 'post',
  path: '/api/runs/:run_id/cancel',
  access: 'user',
  summary: 'Cancel a run: nothing more begins, and commands in progress are ended',
  description: 'A run that has ended stays as it is. The answer comes before the commands have ended.',
  params: RunParams,
  success: { status: 202, schema: Run },
  errors: ['run_not_found'],
});

/** Without the names that Run and RunTarget have in OpenAPI: the schemas of events stand on their own there. */
const runEventSchemas = { run: RunFields, targets: z.object({ targets: z.array(RunTargetFields) }) };

export const runEvents = defineRoute({
  id: 'runEvents',
  owner: 'agent-hub',
  method: 'get',
  path: '/api/runs/:run_id/events',
  access: 'user',
  summary: 'Changes of a run, as server-sent events',
  description:
    '`event: run` has the run with its counts, `event: targets` the machines that have changed. The stream begins with the run, and ends after it has ended. Read it with fetch and Authorization.',
  params: RunParams,
  success: {
    status: 200,
    stream: 'text/event-stream',
    events: runEventSchemas,
  },
  errors: ['run_not_found', 'too_many_requests'],
});

export const runRoutes = [
  createRun,
  listRuns,
  getRun,
  listRunTargets,
  getRunOutput,
  listRunGroups,
  exportRun,
  cancelRun,
  runEvents,
] as const;
