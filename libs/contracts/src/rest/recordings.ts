import { z } from 'zod';
import { AgentId, SessionId, Timestamp, UserId } from '../ids.ts';
import { Moment } from './audit.ts';
import { defineRoute, PageQuery } from './route.ts';

/** 128 random bits as base64url without padding (22 characters). The terminal service creates it. */
export const RecordingId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'must be a recording id')
  .meta({ example: 'oM1mYb0dSl6xN6c4pQyJHw' });

/** `required`: a terminal that cannot be recorded is refused, and its shell waits while its output cannot be stored. */
export const RecordingPolicyMode = z.enum(['off', 'on', 'required']);
export type RecordingPolicyMode = z.infer<typeof RecordingPolicyMode>;

const ofRecording = {
  recording_id: RecordingId,
  session_id: SessionId,
  agent_id: AgentId,
  user_id: UserId.meta({ description: 'Who opened the session.' }),
  username: z.string(),
};

export const Recording = z
  .object({
    ...ofRecording,
    mode: z.enum(['on', 'required']),
    status: z.enum(['recording', 'ended']),
    began_at: Timestamp,
    ended_at: Timestamp.nullable(),
    duration_ms: z.number().int().meta({ description: 'From the start of the session to the last recorded output.' }),
    cols: z.number().int().meta({ description: 'At the start. Later sizes are in the chunks.' }),
    rows: z.number().int(),
    title: z.string().meta({ description: 'The last title that a program set. Empty: none.' }),
    bytes: z.number().int().meta({ description: 'Recorded output.' }),
    stored_bytes: z
      .number()
      .int()
      .meta({ description: 'What it takes in the store with its index: compressed and encrypted.' }),
    chunks: z.number().int(),
    lost_bytes: z
      .number()
      .int()
      .meta({ description: 'Output that could not be recorded. A gap frame has its offsets.' }),
    complete: z.boolean().meta({ description: 'It has ended, and no output is missing.' }),
    exit_code: z.number().int().nullable(),
    signal: z.string().nullable(),
    cause: z.string().nullable(),
    chain_head: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable()
      .meta({
        description:
          'The end of the hash chain over all chunks, as in the row `recording_ended` of the audit log. null while it goes on.',
        example: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
      }),
    hold: z.boolean().meta({ description: 'An administrator keeps it: it is neither deleted nor does it expire.' }),
    expires_at: Timestamp.nullable().meta({ description: 'null while it goes on, or without a limit of days.' }),
    index: z.enum(['none', 'waiting', 'ready', 'failed']).meta({
      description:
        'The keyframes, and the lines for the search. `none` while it goes on, `waiting` until the index is made, `failed`: it is played ' +
        'from the beginning, and not found.',
    }),
    lines: z.number().int().meta({ description: 'Lines that can be found.' }),
    lines_cut: z.boolean().meta({
      description: 'There are too many lines, or drawing them takes too long. The last ones cannot be found.',
    }),
  })
  .meta({ id: 'Recording' });
export type Recording = z.infer<typeof Recording>;

const whoPlays =
  'For administrators, the owner of the machine, and users with the right `record_play` on it. Others get 404.';

export const listRecordings = defineRoute({
  id: 'listRecordings',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings',
  access: 'user',
  summary: 'The recordings that I may play, newest first',
  description: 'Those of the machines on which the caller has the right `record_play`; for administrators all.',
  query: z.strictObject({
    machine: AgentId.optional().meta({ description: 'The agent_id of the machine.' }),
    user_id: UserId.optional().meta({ description: 'Who opened the session.' }),
    session_id: SessionId.optional(),
    status: z.enum(['recording', 'ended']).optional(),
    from: Moment.optional().meta({ description: 'Began at this time or later. An offset is required.' }),
    to: Moment.optional().meta({ description: 'Began before this time. An offset is required.' }),
    cursor: PageQuery.shape.cursor,
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  success: {
    status: 200,
    schema: z
      .object({ recordings: z.array(Recording), next_cursor: z.string().nullable() })
      .meta({ id: 'RecordingList' }),
  },
  errors: ['machine_not_found'],
});

const RecordingParams = z.strictObject({ id: z.string() });
const missing = ['recording_not_found'] as const;

export const RecordingHit = z
  .object({
    ...ofRecording,
    title: z.string(),
    began_at: Timestamp,
    ms: z.number().int().meta({ description: 'When the line was complete, since the start of the session.' }),
    place: z.string().meta({ description: 'Identifies the line in its recording.', example: '3.217' }),
    text: z.string().meta({ description: 'The line.' }),
    before: z.array(z.string()).meta({ description: 'At most two lines before it.' }),
    after: z.array(z.string()),
  })
  .meta({ id: 'RecordingHit' });
export type RecordingHit = z.infer<typeof RecordingHit>;

export const searchRecordings = defineRoute({
  id: 'searchRecordings',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/search',
  access: 'user',
  summary: 'Lines that were shown in the recordings that I may play',
  description:
    'Whole words, without regard to case, and phrases in quotes; all of them in one line. Lines of the normal screen of ended recordings. ' +
    'The newest recordings first. A page may have fewer hits than `limit`, or none, while there are further pages. The audit log ' +
    'has the recordings whose lines were shown, and not the words.',
  query: z.strictObject({
    q: z.string().min(2).max(200).meta({ example: '"permission denied" nginx' }),
    machine: AgentId.optional().meta({ description: 'The agent_id of the machine.' }),
    user_id: UserId.optional().meta({ description: 'Who opened the session.' }),
    recording_id: RecordingId.optional().meta({ description: 'Search this recording alone.' }),
    from: Moment.optional().meta({ description: 'The recording began at this time or later. An offset is required.' }),
    to: Moment.optional().meta({ description: 'The recording began before this time. An offset is required.' }),
    cursor: PageQuery.shape.cursor,
    limit: z.coerce.number().int().min(1).max(100).default(25),
  }),
  success: {
    status: 200,
    schema: z.object({ hits: z.array(RecordingHit), next_cursor: z.string().nullable() }).meta({ id: 'RecordingHits' }),
  },
  errors: ['machine_not_found', 'recording_not_found', 'too_many_requests'],
});

export const getRecording = defineRoute({
  id: 'getRecording',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id',
  access: 'user',
  summary: 'One recording',
  description: whoPlays,
  params: RecordingParams,
  success: { status: 200, schema: z.object({ recording: Recording }) },
  errors: missing,
});

/** Where a chunk lies. It holds the output from `from` up to `to`, written from `ms_from` to `ms_to` since the start of the session. */
export const RecordingChunk = z
  .object({
    n: z.number().int(),
    from: z.number().int(),
    to: z.number().int(),
    ms_from: z.number().int(),
    ms_to: z.number().int(),
    cols: z.number().int().meta({ description: 'The window size where the chunk begins.' }),
    rows: z.number().int(),
    size: z.number().int().meta({ description: 'Bytes of the chunk as it is sent.' }),
  })
  .meta({ id: 'RecordingChunk' });
export type RecordingChunk = z.infer<typeof RecordingChunk>;

/** Chunks in one answer of the index. */
const maxChunksListed = 2000;

export const listRecordingChunks = defineRoute({
  id: 'listRecordingChunks',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id/chunks',
  access: 'user',
  summary: 'The index of the chunks of a recording, by offset and time',
  description: `${whoPlays} At most ${maxChunksListed} from \`first\` on; the next request asks for the number behind the last.`,
  params: RecordingParams,
  query: z.strictObject({
    first: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
    limit: z.coerce.number().int().min(1).max(maxChunksListed).default(maxChunksListed),
  }),
  success: { status: 200, schema: z.object({ chunks: z.array(RecordingChunk), more: z.boolean() }) },
  errors: missing,
});

export const getRecordingChunk = defineRoute({
  id: 'getRecordingChunk',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id/chunks/:n',
  access: 'user',
  summary: 'One chunk of a recording',
  description:
    `${whoPlays} Frames of the terminal protocol (docs/protocol.md), each behind its length as u32, big endian: \`size\`, \`times\`, ` +
    '`output`, `gap`, `ended`. A chunk begins with the `size` that applies there, and `times` precede their output. A chunk that was ' +
    'changed or is missing in the store is answered with 500. Playing is audited.',
  params: z.strictObject({ id: z.string(), n: z.string() }),
  success: { status: 200, stream: 'application/octet-stream' },
  errors: missing,
});

export const listRecordingKeyframes = defineRoute({
  id: 'listRecordingKeyframes',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id/keyframes',
  access: 'user',
  summary: 'The chunks of a recording where a keyframe has the whole screen',
  description: `${whoPlays} The numbers of these chunks. Empty until the index is made, shortly after the end.`,
  params: RecordingParams,
  success: { status: 200, schema: z.object({ keyframes: z.array(z.number().int()) }) },
  errors: missing,
});

export const getRecordingKeyframe = defineRoute({
  id: 'getRecordingKeyframe',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id/keyframes/:n',
  access: 'user',
  summary: 'The screen of a recording where chunk `n` begins',
  description:
    `${whoPlays} Frames as in a chunk: \`size\`, \`snapshot\` with the sequences that restore the screen, and perhaps \`output\` that belongs ` +
    'before the chunk. Playing is audited.',
  params: z.strictObject({ id: z.string(), n: z.string() }),
  success: { status: 200, stream: 'application/octet-stream' },
  errors: missing,
});

export const RecordedCommand = z
  .object({
    ms: z.number().int().meta({ description: 'When it began, since the start of the session.' }),
    text: z.string().meta({
      description:
        'The command as it was shown, at most 500 characters. With the prompt before it where the shell does not mark the end of the prompt.',
      example: 'make test',
    }),
    ended_ms: z.number().int().nullable().meta({ description: 'null: no end was marked.' }),
    exit_code: z.number().int().nullable(),
  })
  .meta({ id: 'RecordedCommand' });
export type RecordedCommand = z.infer<typeof RecordedCommand>;

export const listRecordingCommands = defineRoute({
  id: 'listRecordingCommands',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id/commands',
  access: 'user',
  summary: 'The commands of a recording, as its shell has marked them',
  description:
    `${whoPlays} By the marks OSC 133 (docs/terminal-emulator.md); programs can print marks as well, so they are no evidence. Empty without marks, and until the index is made, ` +
    'shortly after the end. Playing is audited.',
  params: RecordingParams,
  success: {
    status: 200,
    schema: z.object({
      commands: z.array(RecordedCommand),
      cut: z.boolean().meta({ description: 'There were too many. The last ones are missing.' }),
    }),
  },
  errors: missing,
});

export const downloadCast = defineRoute({
  id: 'downloadRecordingCast',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id/cast',
  access: 'user',
  summary: 'A recording as asciicast, for asciinema and its players',
  description:
    `${whoPlays} Version 3, or 2 for older tools. Bytes that are not UTF-8 become U+FFFD. A marker shows where output is missing. The ` +
    'download is audited.',
  params: RecordingParams,
  query: z.strictObject({ version: z.enum(['2', '3']).default('3') }),
  success: { status: 200, stream: 'application/x-asciicast' },
  errors: [...missing, 'too_many_requests'],
});

export const downloadText = defineRoute({
  id: 'downloadRecordingText',
  owner: 'terminal',
  method: 'get',
  path: '/api/recordings/:id/text',
  access: 'user',
  summary: 'The lines that a recording shows, as plain text',
  description:
    `${whoPlays} The lines of the normal screen, without escape sequences and without what full-screen programs draw. They are there after the ` +
    'end of the recording (`index`: `ready`), otherwise 409. The download is audited.',
  params: RecordingParams,
  success: { status: 200, stream: 'text/plain' },
  errors: [...missing, 'conflict', 'too_many_requests'],
});

export const deleteRecording = defineRoute({
  id: 'deleteRecording',
  owner: 'terminal',
  method: 'delete',
  path: '/api/recordings/:id',
  access: 'user',
  summary: 'Delete a recording: its key first, then its chunks',
  description: 'Needs the right `manage` on its machine. A recording that goes on, or is on hold, is kept (409).',
  params: RecordingParams,
  success: { status: 204 },
  errors: [...missing, 'conflict', 'forbidden'],
});

export const holdRecording = defineRoute({
  id: 'holdRecording',
  owner: 'terminal',
  method: 'patch',
  path: '/api/recordings/:id',
  access: 'admin',
  summary: 'Put a recording on hold, or release it',
  description: 'A recording on hold is neither deleted nor does it expire.',
  params: RecordingParams,
  body: z.strictObject({ hold: z.boolean() }),
  success: { status: 200, schema: z.object({ recording: Recording }) },
  errors: missing,
});

const keepDays = z.number().int().min(1).max(36_500);
const keepMib = z.number().int().min(1).max(1_073_741_824);

const policyFields = {
  mode: RecordingPolicyMode,
  keep_days: keepDays.nullable().meta({ description: 'Ended recordings expire after this many days. null: never.' }),
  keep_mib: keepMib
    .nullable()
    .meta({ description: 'The oldest recordings of a machine expire above this many MiB of storage. null: never.' }),
};

export const RecordingPolicy = z.object(policyFields).meta({ id: 'RecordingPolicy' });
export type RecordingPolicy = z.infer<typeof RecordingPolicy>;

export const getRecordingPolicy = defineRoute({
  id: 'getRecordingPolicy',
  owner: 'terminal',
  method: 'get',
  path: '/api/recording-policy',
  access: 'admin',
  summary: 'Whether the terminals of this installation are recorded, and how long recordings are kept',
  success: { status: 200, schema: RecordingPolicy },
});

export const updateRecordingPolicy = defineRoute({
  id: 'updateRecordingPolicy',
  owner: 'terminal',
  method: 'patch',
  path: '/api/recording-policy',
  access: 'admin',
  summary: 'Change the recording policy of this installation',
  description: 'For terminals that are opened from now on. Fields that are left out stay.',
  body: z.strictObject({
    mode: RecordingPolicyMode.optional(),
    keep_days: keepDays.nullable().optional(),
    keep_mib: keepMib.nullable().optional(),
  }),
  success: { status: 200, schema: RecordingPolicy },
});

export const MachineRecordingPolicy = z
  .object({
    mode: RecordingPolicyMode.nullable().meta({ description: 'Set for this machine. null: as in the installation.' }),
    applies: RecordingPolicy.meta({ description: 'What applies on this machine.' }),
  })
  .meta({ id: 'MachineRecordingPolicy' });
export type MachineRecordingPolicy = z.infer<typeof MachineRecordingPolicy>;

const MachineParams = z.strictObject({ agent_id: z.string() });

export const getMachineRecordingPolicy = defineRoute({
  id: 'getMachineRecordingPolicy',
  owner: 'terminal',
  method: 'get',
  path: '/api/machines/:agent_id/recording-policy',
  access: 'user',
  summary: 'Whether terminals on a machine are recorded',
  description: 'For everybody who sees the machine.',
  params: MachineParams,
  success: { status: 200, schema: MachineRecordingPolicy },
  errors: ['machine_not_found'],
});

export const updateMachineRecordingPolicy = defineRoute({
  id: 'updateMachineRecordingPolicy',
  owner: 'terminal',
  method: 'patch',
  path: '/api/machines/:agent_id/recording-policy',
  access: 'user',
  summary: 'Change the recording policy of a machine',
  description:
    'Needs the right `manage`. Only administrators set less than the installation demands (`off` is less than `on`, `on` less than ' +
    '`required`). For terminals that are opened from now on.',
  params: MachineParams,
  body: z.strictObject({ mode: RecordingPolicyMode.nullable() }),
  success: { status: 200, schema: MachineRecordingPolicy },
  errors: ['machine_not_found', 'forbidden', 'conflict'],
});

export const recordingRoutes = [
  listRecordings,
  searchRecordings,
  getRecording,
  listRecordingChunks,
  getRecordingChunk,
  listRecordingKeyframes,
  listRecordingCommands,
  getRecordingKeyframe,
  downloadCast,
  downloadText,
  deleteRecording,
  holdRecording,
  getRecordingPolicy,
  updateRecordingPolicy,
  getMachineRecordingPolicy,
  updateMachineRecordingPolicy,
] as const;
