import {
  deleteRecording,
  downloadCast,
  downloadText,
  getRecording,
  getRecordingChunk,
  getRecordingKeyframe,
  getRecordingPolicy,
  listRecordingChunks,
  listRecordingCommands,
  listRecordingKeyframes,
  listRecordings,
  type RecordedCommand,
  type Recording,
  type RecordingChunk,
  type RecordingHit,
  type RecordingPolicy,
  searchRecordings,
  updateRecordingPolicy,
} from '@webxterm/contracts/rest';
import { ask, fetchAnswer, send, urlOf } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';

export type RecordingQuery = z.input<typeof listRecordings.query>;
export type RecordingSearchQuery = z.input<typeof searchRecordings.query>;
export type RecordingPolicyChange = z.input<typeof updateRecordingPolicy.body>;
export interface RecordingPage {
  readonly recordings: readonly Recording[];
  readonly next_cursor: string | null;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls about recordings. */
export const recordingCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => {
  const bytesAt = (address: string, signal: AbortSignal | undefined): Promise<Uint8Array> =>
    signIn.withToken(async (token) => {
      const init = { headers: bearer(token), ...(signal !== undefined && { signal }) };
      return new Uint8Array(await (await fetchAnswer(fetcher, address, init)).arrayBuffer());
    });
  return {
    recordings: (query: RecordingQuery, signal?: AbortSignal): Promise<RecordingPage> =>
      signIn.withToken((token) => ask(fetcher, listRecordings, { query, headers: bearer(token), signal })),

    searchRecordings: (
      query: RecordingSearchQuery,
      signal?: AbortSignal,
    ): Promise<{ hits: readonly RecordingHit[]; next_cursor: string | null }> =>
      signIn.withToken((token) => ask(fetcher, searchRecordings, { query, headers: bearer(token), signal })),

    async recording(id: string, signal?: AbortSignal): Promise<Recording> {
      const answer = await signIn.withToken((token) =>
        ask(fetcher, getRecording, { params: { id }, headers: bearer(token), signal }),
      );
      return answer.recording;
    },

    /** The index of the chunks from `first` on. `more`: there are others behind them. */
    recordingChunks: (
      id: string,
      first: number,
      signal?: AbortSignal,
    ): Promise<{ chunks: readonly RecordingChunk[]; more: boolean }> =>
      signIn.withToken((token) =>
        ask(fetcher, listRecordingChunks, { params: { id }, query: { first }, headers: bearer(token), signal }),
      ),

    /** The frames of one chunk, each behind its length as u32. */
    recordingChunk: (id: string, n: number, signal?: AbortSignal): Promise<Uint8Array> =>
      bytesAt(urlOf(getRecordingChunk, { params: { id, n: String(n) } }), signal),

    /** The chunks where keyframes are. */
    async recordingKeyframes(id: string, signal?: AbortSignal): Promise<readonly number[]> {
      const answer = await signIn.withToken((token) =>
        ask(fetcher, listRecordingKeyframes, { params: { id }, headers: bearer(token), signal }),
      );
      return answer.keyframes;
    },

    /** The commands that the shell has marked. */
    recordingCommands: (
      id: string,
      signal?: AbortSignal,
    ): Promise<{ commands: readonly RecordedCommand[]; cut: boolean }> =>
      signIn.withToken((token) =>
        ask(fetcher, listRecordingCommands, { params: { id }, headers: bearer(token), signal }),
      ),

    /** The frames of a keyframe, as those of a chunk. */
    recordingKeyframe: (id: string, n: number, signal?: AbortSignal): Promise<Uint8Array> =>
      bytesAt(urlOf(getRecordingKeyframe, { params: { id, n: String(n) } }), signal),

    /** The recording as a file: `cast` is asciicast, `text` the lines that it shows. */
    recordingFile: (id: string, format: 'cast' | 'text'): Promise<Blob> =>
      signIn.withToken(async (token) => {
        const url = urlOf(format === 'cast' ? downloadCast : downloadText, { params: { id } });
        return (await fetchAnswer(fetcher, url, { headers: bearer(token) })).blob();
      }),

    async deleteRecording(id: string): Promise<void> {
      await signIn.withToken((token) => send(fetcher, deleteRecording, { params: { id }, headers: bearer(token) }));
    },

    recordingPolicy: (signal?: AbortSignal): Promise<RecordingPolicy> =>
      signIn.withToken((token) => ask(fetcher, getRecordingPolicy, { headers: bearer(token), signal })),

    changeRecordingPolicy: (body: RecordingPolicyChange): Promise<RecordingPolicy> =>
      signIn.withToken((token) => ask(fetcher, updateRecordingPolicy, { body, headers: bearer(token) })),
  };
};
