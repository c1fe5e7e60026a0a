import {
  cancelRun,
  createRun,
  exportRun,
  getRun,
  getRunOutput,
  listRunGroups,
  listRuns,
  listRunTargets,
  type NewRun,
  type Run,
  type RunGroup,
  type RunOutput,
  type RunTarget,
  runEvents,
} from '@webxterm/contracts/rest';
import { ask, fetchAnswer, urlOf } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';

export type RunTargetQuery = z.input<typeof listRunTargets.query>;
export interface RunList {
  readonly runs: readonly Run[];
  readonly next_cursor: string | null;
}
export interface RunTargetList {
  readonly targets: readonly RunTarget[];
  readonly total: number;
  readonly next_cursor: string | null;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls about runs. */
export const runCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  /** `cursor`: empty for the first page. */
  runs: (cursor: string, signal?: AbortSignal): Promise<RunList> =>
    signIn.withToken((token) =>
      ask(fetcher, listRuns, { query: cursor === '' ? {} : { cursor }, headers: bearer(token), signal }),
    ),

  run: (run_id: string, signal?: AbortSignal): Promise<Run> =>
    signIn.withToken((token) => ask(fetcher, getRun, { params: { run_id }, headers: bearer(token), signal })),

  runTargets: (run_id: string, query: RunTargetQuery, signal?: AbortSignal): Promise<RunTargetList> =>
    signIn.withToken((token) =>
      ask(fetcher, listRunTargets, { params: { run_id }, query, headers: bearer(token), signal }),
    ),

  runGroups: (run_id: string, signal?: AbortSignal): Promise<{ groups: readonly RunGroup[]; more: boolean }> =>
    signIn.withToken((token) => ask(fetcher, listRunGroups, { params: { run_id }, headers: bearer(token), signal })),

  runOutput: (run_id: string, agent_id: string, signal?: AbortSignal): Promise<RunOutput> =>
    signIn.withToken((token) =>
      ask(fetcher, getRunOutput, { params: { run_id, agent_id }, headers: bearer(token), signal }),
    ),

  startRun: (body: NewRun): Promise<Run> =>
    signIn.withToken((token) => ask(fetcher, createRun, { body, headers: bearer(token) })),

  cancelRun: (run_id: string): Promise<Run> =>
    signIn.withToken((token) => ask(fetcher, cancelRun, { params: { run_id }, headers: bearer(token) })),

  /** All machines with their outputs, one JSON object a line. */
  runExport: (run_id: string): Promise<Blob> =>
    signIn.withToken(async (token) =>
      (await fetchAnswer(fetcher, urlOf(exportRun, { params: { run_id } }), { headers: bearer(token) })).blob(),
    ),

  /** Opens the stream of changes. The caller reads the body and aborts with the signal. */
  runEvents: (run_id: string, signal: AbortSignal): Promise<Response> =>
    signIn.withToken((token) =>
      fetchAnswer(fetcher, urlOf(runEvents, { params: { run_id } }), {
        headers: { ...bearer(token), accept: 'text/event-stream' },
        cache: 'no-store',
        signal,
      }),
    ),
});
