import {
  createTicket,
  endSession,
  getMachine,
  health,
  listMachineSessions,
  type listMachines,
  listSessions,
  machineEvents,
  profile,
  renameSession,
  signInMethods,
  wellKnown,
} from '@webxterm/contracts/rest';
import { ApiError, ask, fetchAnswer, send } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';
import { accessTokenCalls } from './access-token-calls.ts';
import { ownAccountCalls, userCalls } from './account-calls.ts';
import { auditCalls } from './audit-calls.ts';
import { fileCalls } from './file-calls.ts';
import { groupCalls } from './group-calls.ts';
import { machineCalls } from './machine-calls.ts';
import { machineListRows, readMachines, type UnreadableMachine } from './machine-rows.ts';
import { recordingCalls } from './recording-calls.ts';
import { runCalls } from './run-calls.ts';
import { sessionCalls } from './session-calls.ts';
import { shareCalls } from './share-calls.ts';

/** A page of machines: the readable and the unreadable ones. */
export type MachineList = z.output<typeof listMachines.success.schema> & {
  readonly unreadable: readonly UnreadableMachine[];
};
export type MachineQuery = z.input<typeof listMachines.query>;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** The calls of the pages, each with a fresh token. Methods throw ApiError, UnreachableError and SignedOutError. */
export const serverFor = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  ...ownAccountCalls(signIn, fetcher),
  ...userCalls(signIn, fetcher),
  ...accessTokenCalls(signIn, fetcher),
  ...auditCalls(signIn, fetcher),
  ...machineCalls(signIn, fetcher),
  ...groupCalls(signIn, fetcher),
  ...recordingCalls(signIn, fetcher),
  ...shareCalls(signIn, fetcher),
  ...fileCalls(signIn, fetcher),
  ...runCalls(signIn, fetcher),
  ...sessionCalls(signIn, fetcher),

  profile: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, profile, { headers: bearer(token), signal })),

  async machines(query: MachineQuery, signal?: AbortSignal): Promise<MachineList> {
    const list = await signIn.withToken((token) =>
      ask(fetcher, machineListRows, { query, headers: bearer(token), signal }),
    );
    return { ...list, ...readMachines(list.machines) };
  },

  machine: (agentId: string, signal?: AbortSignal) =>
    signIn.withToken((token) =>
      ask(fetcher, getMachine, { params: { agent_id: agentId }, headers: bearer(token), signal }),
    ),

  /** Opens the stream of changes. The caller reads the body and aborts with the signal. */
  machineEvents: (signal: AbortSignal): Promise<Response> =>
    signIn.withToken((token) =>
      fetchAnswer(fetcher, machineEvents.path, {
        headers: { ...bearer(token), accept: 'text/event-stream' },
        cache: 'no-store',
        signal,
      }),
    ),

  /** Live sessions of the user. `cursor`: empty for the first page. */
  sessions: (cursor: string, signal?: AbortSignal) =>
    signIn.withToken((token) =>
      ask(fetcher, listSessions, { query: cursor === '' ? {} : { cursor }, headers: bearer(token), signal }),
    ),

  /** Live sessions on a machine: all of them with the right `manage`, otherwise the caller's own. `cursor`: empty for the first page. */
  machineSessions: (agentId: string, cursor: string, signal?: AbortSignal) =>
    signIn.withToken((token) =>
      ask(fetcher, listMachineSessions, {
        params: { agent_id: agentId },
        query: { status: 'active', limit: 50, ...(cursor !== '' && { cursor }) },
        headers: bearer(token),
        signal,
      }),
    ),

  /** `name`: null removes it. */
  renameSession: (sessionId: string, name: string | null) =>
    signIn.withToken((token) =>
      ask(fetcher, renameSession, { params: { id: sessionId }, body: { name }, headers: bearer(token) }),
    ),

  async endSession(sessionId: string): Promise<void> {
    await signIn.withToken((token) => send(fetcher, endSession, { params: { id: sessionId }, headers: bearer(token) }));
  },

  /** `linuxUser`: of a new session. Undefined: the default. */
  ticket: (agentId: string, sessionId: string | undefined, linuxUser: string | undefined) =>
    signIn.withToken((token) =>
      ask(fetcher, createTicket, {
        body: {
          agent_id: agentId,
          ...(sessionId !== undefined && { session_id: sessionId }),
          ...(sessionId === undefined && linuxUser !== undefined && { linux_user: linuxUser }),
        },
        headers: bearer(token),
      }),
    ),

  /** The install script, or the HTTP status if the server does not have one (yet). */
  async installScript(signal?: AbortSignal): Promise<string | number> {
    try {
      return await (await fetchAnswer(fetcher, '/install.sh', { cache: 'no-store', signal: signal ?? null })).text();
    } catch (error) {
      if (error instanceof ApiError) return error.status;
      throw error;
    }
  },

  /** Needs no sign-in. Contains, among others, whether sign-up is open. */
  wellKnown: (signal?: AbortSignal) => ask(fetcher, wellKnown, { signal }),

  /** Needs no sign-in. */
  health: (signal?: AbortSignal) => ask(fetcher, health, { signal }),

  /** Needs no sign-in. */
  signInMethods: (signal?: AbortSignal) => ask(fetcher, signInMethods, { signal }),
});

export type Server = ReturnType<typeof serverFor>;
