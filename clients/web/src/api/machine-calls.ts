import {
  blockUser,
  changeRollout,
  createEnrolmentToken,
  createMachine,
  createRegistrationToken,
  dashboardStats,
  deleteMachine,
  findGrantee,
  type Grantee,
  type GrantRole,
  grantAccess,
  leaveAccess,
  listAccess,
  listBlockedUsers,
  listEnrolmentTokens,
  listRollouts,
  machineMetrics,
  recentActivity,
  requestUpdate,
  revokeAccess,
  revokeEnrolmentToken,
  type UpdateChannel,
  unblockUser,
  updateMachine,
} from '@webxterm/contracts/rest';
import { ask, send } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';
import { readMachines, recentMachineRows } from './machine-rows.ts';

export type NewMachine = z.input<typeof createMachine.body>;
export type NewEnrolmentToken = z.input<typeof createEnrolmentToken.body>;
export type AddedMachine = z.output<typeof createMachine.success.schema>;
export type RegistrationToken = z.output<typeof createRegistrationToken.success.schema>;
export type MachineChange = z.input<typeof updateMachine.body>;
export type MachineMetrics = z.output<typeof machineMetrics.success.schema>;
export type MachineUsers = z.output<typeof listAccess.success.schema>;
export type DashboardStats = z.output<typeof dashboardStats.success.schema>;
export type RecentActivity = z.output<typeof recentActivity.success.schema>;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const of = (agentId: string) => ({ agent_id: agentId });

/** Calls for the management of machines and for the dashboard. */
export const machineCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  createMachine: (body: NewMachine): Promise<AddedMachine> =>
    signIn.withToken((token) => ask(fetcher, createMachine, { body, headers: bearer(token) })),

  createRegistrationToken: (agentId: string): Promise<RegistrationToken> =>
    signIn.withToken((token) => ask(fetcher, createRegistrationToken, { params: of(agentId), headers: bearer(token) })),

  createEnrolmentToken: (body: NewEnrolmentToken) =>
    signIn.withToken((token) => ask(fetcher, createEnrolmentToken, { body, headers: bearer(token) })),

  enrolmentTokens: (signal?: AbortSignal) =>
    signIn.withToken(async (token) => {
      const answer = await ask(fetcher, listEnrolmentTokens, { headers: bearer(token), signal });
      return answer.enrolment_tokens;
    }),

  async revokeEnrolmentToken(tokenId: string): Promise<void> {
    await signIn.withToken((token) =>
      send(fetcher, revokeEnrolmentToken, { params: { token_id: tokenId }, headers: bearer(token) }),
    );
  },

  updateMachine: (agentId: string, body: MachineChange) =>
    signIn.withToken((token) => ask(fetcher, updateMachine, { params: of(agentId), body, headers: bearer(token) })),

  requestUpdate: (agentId: string) =>
    signIn.withToken((token) => ask(fetcher, requestUpdate, { params: of(agentId), headers: bearer(token) })),

  async rollouts(signal?: AbortSignal) {
    const answer = await signIn.withToken((token) => ask(fetcher, listRollouts, { headers: bearer(token), signal }));
    return answer.rollouts;
  },

  changeRollout: (channel: UpdateChannel, paused: boolean) =>
    signIn.withToken((token) =>
      ask(fetcher, changeRollout, { params: { channel }, body: { paused }, headers: bearer(token) }),
    ),

  async deleteMachine(agentId: string): Promise<void> {
    await signIn.withToken((token) => send(fetcher, deleteMachine, { params: of(agentId), headers: bearer(token) }));
  },

  machineMetrics: (agentId: string, from: Date, signal?: AbortSignal): Promise<MachineMetrics> =>
    signIn.withToken((token) =>
      ask(fetcher, machineMetrics, {
        params: of(agentId),
        query: { from: from.toISOString() },
        headers: bearer(token),
        signal,
      }),
    ),

  machineUsers: (agentId: string, signal?: AbortSignal): Promise<MachineUsers> =>
    signIn.withToken((token) => ask(fetcher, listAccess, { params: of(agentId), headers: bearer(token), signal })),

  findGrantee: (agentId: string, username: string): Promise<Grantee> =>
    signIn.withToken(async (token) => {
      const query = { username };
      return (await ask(fetcher, findGrantee, { params: of(agentId), query, headers: bearer(token) })).user;
    }),

  grantAccess: (
    agentId: string,
    body: { username: string; role: GrantRole; linux_users: string[] | null; user_id: string },
  ) => signIn.withToken((token) => ask(fetcher, grantAccess, { params: of(agentId), body, headers: bearer(token) })),

  revokeAccess: (agentId: string, username: string) =>
    signIn.withToken((token) =>
      ask(fetcher, revokeAccess, { params: of(agentId), body: { username }, headers: bearer(token) }),
    ),

  leaveMachine: (agentId: string, blockGiver: boolean) =>
    signIn.withToken((token) =>
      ask(fetcher, leaveAccess, { params: of(agentId), body: { block_giver: blockGiver }, headers: bearer(token) }),
    ),

  blockedUsers: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, listBlockedUsers, { headers: bearer(token), signal })),

  blockUser: (username: string) =>
    signIn.withToken((token) => ask(fetcher, blockUser, { body: { username }, headers: bearer(token) })),

  async unblockUser(userId: string): Promise<void> {
    await signIn.withToken((token) =>
      send(fetcher, unblockUser, { params: { user_id: userId }, headers: bearer(token) }),
    );
  },

  dashboardStats: (signal?: AbortSignal): Promise<DashboardStats> =>
    signIn.withToken((token) => ask(fetcher, dashboardStats, { headers: bearer(token), signal })),

  async recentMachines(signal?: AbortSignal) {
    const { machines } = await signIn.withToken((token) =>
      ask(fetcher, recentMachineRows, { headers: bearer(token), signal }),
    );
    return readMachines(machines);
  },

  recentActivity: (signal?: AbortSignal): Promise<RecentActivity> =>
    signIn.withToken((token) => ask(fetcher, recentActivity, { headers: bearer(token), signal })),
});
