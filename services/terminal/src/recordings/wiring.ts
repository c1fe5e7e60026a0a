import type { Api } from '@webxterm/shared/api';
import type { AttachmentRequest } from '../attachment/attach-open.ts';
import type { Attachment, AttachmentEvents } from '../attachment/attachment.ts';
import type { Core } from '../core.ts';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import type { SessionStore } from '../sessions/store.ts';
import { RecordingAccess } from './access.ts';
import { MongoChunkStore } from './chunk-store.ts';
import { RecordingClaims } from './claims.ts';
import { DataKeys } from './data-keys.ts';
import { Deletion } from './deletion.ts';
import { RecordingDownloads } from './download.ts';
import { mountRecordings } from './http.ts';
import { IndexJobs } from './indexing/index-jobs.ts';
import { IndexStore } from './indexing/index-store.ts';
import { Indexer } from './indexing/indexer.ts';
import { WordBits } from './indexing/words.ts';
import { Plays } from './plays.ts';
import { RecordingPolicies } from './policies.ts';
import { RecordingReader } from './reader.ts';
import { recordedAttach } from './recorded-attach.ts';
import { Recordings } from './recordings.ts';
import { RecordingSearch } from './search/recording-search.ts';
import { RecordingStore } from './store.ts';

export interface RecordingWiring extends Core {
  readonly attach: (request: AttachmentRequest, events: AttachmentEvents) => Attachment;
  readonly store: SessionStore;
  readonly machines: MachineCalls;
}

/** The recordings of terminals: recorders, their store, retention and routes. */
export const wireRecordings = (parts: RecordingWiring) => {
  const { settings, models, attach, machines, auditor, logger, now } = parts;
  const store = new RecordingStore(models.recordings, now);
  const claims = new RecordingClaims(models.recordings, now);
  const chunks = new MongoChunkStore(models.chunks);
  const keys = new DataKeys(settings.RECORDING_KEYS);
  const policies = new RecordingPolicies(models.policies);
  const recordings = new Recordings({
    attach,
    chunks,
    logger,
    keys,
    claims,
    store,
    policies,
    auditor,
    sessions: parts.store,
    instance: settings.INSTANCE_ID ?? 'terminal',
  });
  const index = new IndexStore(models, now);
  const deletion = new Deletion({ store, chunks, index, policies, auditor, logger });
  const reader = new RecordingReader({ chunks, keys });
  const [searchKey] = keys.searchKeys;
  if (searchKey === undefined) throw new Error('there is no key for recordings');
  const jobs = new IndexJobs(models.recordings, now);
  const indexed = parts.measures.recordingIndexed;
  const indexer = new Indexer({ jobs, store: index, reader, searchKey, logger, indexed });
  const plays = new Plays(auditor, now);
  const bits = keys.searchKeys.map((key) => new WordBits(key));
  const search = new RecordingSearch({ index, store, reader, plays, bits });
  return {
    policies,
    recordings,
    /** The attach of viewers: it starts the recorders of the sessions that they open. */
    attach: recordedAttach({
      attach,
      recordings,
      endSession: ({ sid, agentId, sessionId, requestId }) => {
        const session = { agent_id: agentId, session_id: sessionId.toString('base64url') };
        machines
          .endSession({ sid }, session, requestId)
          .catch((error: unknown) => logger.warn({ err: error }, 'a session that cannot be recorded was not ended'));
      },
    }),
    mountRecordings: (api: Api): void =>
      mountRecordings(api, {
        store,
        access: new RecordingAccess({ store, machines }),
        reader,
        index,
        deletion,
        downloads: new RecordingDownloads({ auditor }),
        search,
        plays,
        policies,
        machines,
        auditor,
      }),
    startRecordings: (): void => {
      recordings.start();
      deletion.start();
      indexer.start();
    },
    stopRecordings: async (): Promise<void> => {
      await indexer.stop();
      await deletion.stop();
      await recordings.stop();
    },
  };
};
