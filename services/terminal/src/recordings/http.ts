import {
  AgentId,
  deleteRecording,
  downloadCast,
  downloadText,
  getMachineRecordingPolicy,
  getRecording,
  getRecordingChunk,
  getRecordingKeyframe,
  getRecordingPolicy,
  holdRecording,
  listRecordingChunks,
  listRecordingCommands,
  listRecordingKeyframes,
  listRecordings,
  type Recording,
  type RecordingChunk,
  RecordingId,
  searchRecordings,
  updateMachineRecordingPolicy,
  updateRecordingPolicy,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api, RequestContext } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import type { RecordingAccess } from './access.ts';
import { recordingFact } from './audit.ts';
import type { ChunkEntry } from './chunk-store.ts';
import type { Deletion } from './deletion.ts';
import type { RecordingDownloads } from './download.ts';
import type { IndexStore } from './indexing/index-store.ts';
import type { Plays } from './plays.ts';
import type { RecordingPolicies } from './policies.ts';
import type { RecordingReader } from './reader.ts';
import type { RecordingRecord } from './record.ts';
import { castFile, textFile } from './recording-file.ts';
import type { RecordingSearch } from './search/recording-search.ts';
import { type RecordingStore, storedBytes } from './store.ts';

export interface RecordingsHttpOptions {
  readonly store: RecordingStore;
  readonly access: RecordingAccess;
  readonly reader: RecordingReader;
  readonly index: Pick<IndexStore, 'lineBlocks' | 'lines' | 'keyframes' | 'keyframe' | 'commands'>;
  readonly search: Pick<RecordingSearch, 'page'>;
  readonly deletion: Pick<Deletion, 'delete'>;
  readonly downloads: RecordingDownloads;
  readonly plays: Plays;
  readonly policies: RecordingPolicies;
  readonly machines: Pick<MachineCalls, 'has'>;
  readonly auditor: Pick<Auditor, 'act'>;
}

/** Mounts the REST API of recordings and their policies. */
export const mountRecordings = (api: Api, options: RecordingsHttpOptions): void => {
  mountReads(api, options);
  mountDownloads(api, options);
  mountChanges(api, options);
  mountPolicies(api, options);
};

const mountReads = (api: Api, { store, access, reader, index, search, plays }: RecordingsHttpOptions): void => {
  api.mount(listRecordings, async ({ query, caller, context }) => {
    const scope = await access.scope(caller, query.machine, context.requestId);
    const { records, next } = await store.page(scope, query);
    return { recordings: records.map(toRecording), next_cursor: next };
  });

  // Before the route with an id in this place.
  api.mount(searchRecordings, async ({ query, caller, context }) => {
    const { recording_id, machine } = query;
    const scope =
      recording_id === undefined
        ? await access.scope(caller, machine, context.requestId)
        : [(await access.playable(caller, recording_id, context.requestId)).agent_id].filter(
            (agentId) => machine === undefined || machine === agentId,
          );
    return search.page(caller, scope, query);
  });

  api.mount(getRecording, async ({ params, caller, context }) => ({
    recording: toRecording(await access.playable(caller, idOf(params.id), context.requestId)),
  }));

  api.mount(listRecordingChunks, async ({ params, query, caller, context }) => {
    const { recording_id } = await access.playable(caller, idOf(params.id), context.requestId);
    const found = await reader.index(recording_id, query.first, query.limit + 1);
    return { chunks: found.slice(0, query.limit).map(toChunk), more: found.length > query.limit };
  });

  api.mount(getRecordingChunk, async ({ params, caller, context }) => {
    const record = await access.playable(caller, idOf(params.id), context.requestId);
    const plain = await reader.read(record, numberOf(params.n));
    await plays.record(caller, record);
    return sendBytes(context, plain);
  });

  api.mount(listRecordingKeyframes, async ({ params, caller, context }) => ({
    keyframes: await index.keyframes(await access.playable(caller, idOf(params.id), context.requestId)),
  }));

  api.mount(listRecordingCommands, async ({ params, caller, context }) => {
    const record = await access.playable(caller, idOf(params.id), context.requestId);
    const { commands, cut } = await index.commands(reader.key(record), record);
    if (commands.length > 0) await plays.record(caller, record);
    return { commands: [...commands], cut };
  });

  api.mount(getRecordingKeyframe, async ({ params, caller, context }) => {
    const record = await access.playable(caller, idOf(params.id), context.requestId);
    const plain = await index.keyframe(reader.key(record), record, numberOf(params.n));
    if (plain === undefined)
      throw new AppError('recording_not_found', 'This recording has no keyframe at the chunk of that number.');
    await plays.record(caller, record);
    return sendBytes(context, plain);
  });
};

const mountDownloads = (api: Api, { access, reader, index, downloads }: RecordingsHttpOptions): void => {
  api.mount(downloadCast, async ({ params, query, caller, context }) => {
    const record = await access.playable(caller, idOf(params.id), context.requestId);
    await downloads.send(record, castFile(reader, record, query.version), caller, context);
    return undefined;
  });

  api.mount(downloadText, async ({ params, caller, context }) => {
    const record = await access.playable(caller, idOf(params.id), context.requestId);
    await downloads.send(record, textFile(index, reader.key(record), record), caller, context);
    return undefined;
  });
};

const mountChanges = (api: Api, { store, access, deletion, auditor }: RecordingsHttpOptions): void => {
  api.mount(deleteRecording, async ({ params, caller, context }) => {
    const record = await access.deletable(caller, idOf(params.id), context.requestId);
    await auditor.act({ ...recordingFact(record), action: 'recording_deleted' }, async () => {
      if (!(await deletion.delete(record)))
        throw new AppError('conflict', 'This recording goes on or is on hold, so it cannot be deleted.');
    });
    return undefined;
  });

  api.mount(holdRecording, async ({ params, body }) => {
    const found = await store.find(idOf(params.id));
    const about = recordingFact(found);
    const fact = {
      ...about,
      action: 'recording_hold_changed',
      details: { ...about.details, hold: body.hold },
    } as const;
    const record = await auditor.act(fact, () => store.hold(found.recording_id, body.hold));
    return { recording: toRecording(record) };
  });
};

const mountPolicies = (api: Api, { policies, machines, auditor }: RecordingsHttpOptions): void => {
  api.mount(getRecordingPolicy, async () => policies.ofInstallation());

  api.mount(updateRecordingPolicy, async ({ body }) => {
    const { mode, keep_days, keep_mib } = body;
    const change = {
      ...(mode === undefined ? {} : { mode }),
      ...(keep_days === undefined ? {} : { keep_days }),
      ...(keep_mib === undefined ? {} : { keep_mib }),
    };
    return auditor.act({ action: 'recording_policy_changed', details: change }, () => policies.change(change));
  });

  api.mount(getMachineRecordingPolicy, async ({ params, caller, context }) => {
    const agentId = machineOf(params.agent_id);
    if (!(await machines.has(caller, agentId, 'see', context.requestId))) throw new AppError('machine_not_found');
    return policies.ofMachine(agentId);
  });

  api.mount(updateMachineRecordingPolicy, async ({ params, body, caller, context }) => {
    const agentId = machineOf(params.agent_id);
    const may = (right: 'see' | 'manage'): Promise<boolean> => machines.has(caller, agentId, right, context.requestId);
    if (!(await may('see'))) throw new AppError('machine_not_found');
    if (!(await may('manage'))) throw new AppError('forbidden');
    const target = { type: 'machine', id: agentId, name: agentId } as const;
    const fact = { action: 'recording_policy_changed', agentId, target, details: { mode: body.mode } } as const;
    return auditor.act(fact, () => policies.changeMachine(agentId, body.mode, caller.role === 'admin'));
  });
};

const sendBytes = ({ response }: Pick<RequestContext, 'response'>, bytes: Buffer): undefined => {
  response.status(200).set({ 'content-type': 'application/octet-stream', 'cache-control': 'no-store' }).end(bytes);
  return undefined;
};

const idOf = (text: string): string => {
  if (!RecordingId.safeParse(text).success) throw new AppError('recording_not_found');
  return text;
};

const machineOf = (text: string): string => {
  if (!AgentId.safeParse(text).success) throw new AppError('machine_not_found');
  return text;
};

const numberOf = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new AppError('recording_not_found', 'A chunk is named by its number.');
  return Number(text);
};

const toChunk = ({ n, from, to, ms_from, ms_to, cols, rows, size }: ChunkEntry): RecordingChunk => ({
  n,
  from,
  to,
  ms_from,
  ms_to,
  cols,
  rows,
  size,
});

const toRecording = (record: RecordingRecord): Recording => ({
  recording_id: record.recording_id,
  session_id: record.session_id,
  agent_id: record.agent_id,
  user_id: record.user_id,
  username: record.username,
  mode: record.mode,
  status: record.status === 'recording' ? 'recording' : 'ended',
  began_at: record.began_at.toISOString(),
  ended_at: record.ended_at?.toISOString() ?? null,
  duration_ms: record.duration_ms,
  cols: record.cols,
  rows: record.rows,
  title: record.title,
  bytes: record.bytes,
  stored_bytes: storedBytes(record),
  chunks: record.chunks,
  lost_bytes: record.lost_bytes,
  complete: record.whole && record.lost_bytes === 0,
  exit_code: record.exit_code,
  signal: record.signal,
  cause: record.cause,
  chain_head: record.status === 'recording' ? null : record.chain_head,
  hold: record.hold,
  expires_at: record.expires_at?.toISOString() ?? null,
  index: record.status === 'recording' ? 'none' : (record.index?.state ?? 'waiting'),
  lines: record.index?.lines ?? 0,
  lines_cut: record.index?.cut ?? false,
});
