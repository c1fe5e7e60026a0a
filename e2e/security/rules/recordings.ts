import { eventually } from '../../support/rest.ts';
import { openSession, type World } from '../world.ts';
import {
  adminOnly,
  byRight,
  type Caller,
  hiddenWithout,
  type MakeCall,
  onMachine,
  type Rule,
  signedIn,
} from './rule.ts';

interface Listed {
  readonly recordings: readonly { readonly recording_id: string; readonly status: string }[];
}

/** Records a session of `control` on the machine. @returns the id of the recording */
const record = async (world: World): Promise<string> => {
  const { admin, control } = world.cast;
  const policy = `/api/machines/${world.agentId}/recording-policy`;
  await admin.rest.send('PATCH', policy, { mode: 'on' });
  const { sessionId } = await openSession(world.stack.url, world.agentId, control);
  await admin.rest.send('PATCH', policy, { mode: null });
  await control.rest.send('DELETE', `/api/terminal/sessions/${sessionId}`);
  return eventually('the recording has ended', async () => {
    const { body } = await admin.rest.get<Listed>(`/api/recordings?session_id=${sessionId}&status=ended`);
    return body.recordings[0]?.recording_id;
  });
};

const kept = new WeakMap<World, Promise<string>>();
/** The recording that all callers ask for. */
const theRecording = (world: World): Promise<string> => {
  const known = kept.get(world) ?? record(world);
  kept.set(world, known);
  return known;
};

/** The recording, once its index is made. */
const indexed = async (world: World): Promise<string> => {
  const id = await theRecording(world);
  await eventually('the recording is indexed', async () => {
    const { body } = await world.cast.admin.rest.get<{ recording: { index: string } }>(`/api/recordings/${id}`);
    return body.recording.index === 'ready' ? true : undefined;
  });
  return id;
};

const onRecording: MakeCall = async (world) => ({ params: { id: await theRecording(world) } });

/** One of their own for those who may delete it. */
const onRecordingToLose: MakeCall = async (world, caller: Caller) => {
  const may = caller !== 'other' && caller !== 'view' && caller !== 'control';
  return { params: { id: may ? await record(world) : await theRecording(world) } };
};

const plays = { other: 404, view: 404, control: 404, owner: 200, admin: 200, adminView: 200, adminControl: 200 };

/** Recordings of the machine. One column for each caller. */
// biome-ignore format: a table
export const recordingRules: Readonly<Record<string, readonly Rule[]>> = {
  listRecordings: [signedIn(200)],
  searchRecordings: [signedIn(200, () => ({ query: { q: 'nothing' } }))],
  getRecording: [hiddenWithout('record_play', plays, onRecording)],
  listRecordingChunks: [hiddenWithout('record_play', plays, onRecording)],
  getRecordingChunk: [
    hiddenWithout('record_play', plays, async (world) => ({ params: { id: await theRecording(world), n: '0' } })),
  ],
  listRecordingKeyframes: [hiddenWithout('record_play', plays, onRecording)],
  listRecordingCommands: [hiddenWithout('record_play', plays, onRecording)],
  getRecordingKeyframe: [
    hiddenWithout('record_play', plays, async (world) => ({ params: { id: await indexed(world), n: '0' } })),
  ],
  downloadRecordingCast: [hiddenWithout('record_play', plays, onRecording)],
  downloadRecordingText: [
    hiddenWithout('record_play', plays, async (world) => ({ params: { id: await indexed(world) } })),
  ],
  deleteRecording: [
    // It requires `manage` too, which everybody with `record_play` has.
    hiddenWithout('record_play',
      { other: 404, view: 404, control: 404, owner: 204, admin: 204, adminView: 204, adminControl: 204 },
      onRecordingToLose),
  ],
  holdRecording: [
    adminOnly(200, async (world) => ({ params: { id: await theRecording(world) }, body: { hold: false } })),
  ],
  getRecordingPolicy: [adminOnly(200)],
  updateRecordingPolicy: [adminOnly(200, () => ({ body: { keep_days: null } }))],
  getMachineRecordingPolicy: [
    byRight('see', { other: 404, view: 200, control: 200, owner: 200, admin: 200, adminView: 200, adminControl: 200 },
      onMachine),
  ],
  updateMachineRecordingPolicy: [
    byRight('manage', { other: 404, view: 403, control: 403, owner: 200, admin: 200, adminView: 200, adminControl: 200 },
      (world) => ({ params: { agent_id: world.agentId }, body: { mode: null } })),
  ],
};
