import {
  addPasskey,
  beginLink,
  beginPasskey,
  beginTotp,
  changeFactorPolicy,
  completeLink,
  confirmTotp,
  createResetLink,
  createUser,
  deleteAvatar,
  deleteUser,
  dismissFactorReset,
  endOtherSignins,
  endSignin,
  factorPolicy,
  getWorkspace,
  type KeptWorkspace,
  leave,
  listIdentities,
  listSignins,
  listUsers,
  type lookUpLink,
  type Preferences,
  preferences,
  profileBelongings,
  putPreferences,
  putWorkspace,
  regenerateApiKey,
  removePasskey,
  removeTotp,
  renamePasskey,
  renewRecoveryCodes,
  resetPassword,
  resetSecondFactors,
  secondFactors,
  showApiKey,
  unlinkIdentity,
  updateProfile,
  updateUser,
  uploadAvatar,
  userBelongings,
  type Workspace,
} from '@webxterm/contracts/rest';
import { ask, send } from '@webxterm/rest-client';
import type { z } from 'zod';
import type { SignIn } from '../sign-in/sign-in.ts';

export type UserList = z.output<typeof listUsers.success.schema>;
export type UserQuery = z.input<typeof listUsers.query>;
export type User = UserList['users'][number];
export type SigninList = z.output<typeof listSignins.success.schema>['sessions'];
export type Belongings = z.output<typeof userBelongings.success.schema>;
export type SecondFactors = z.output<typeof secondFactors.success.schema>;
export type FactorPolicyChange = z.input<typeof changeFactorPolicy.body>;
export type LinkOwner = z.output<typeof lookUpLink.success.schema>;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Calls of users on their own account. */
export const ownAccountCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  updateProfile: (body: z.input<typeof updateProfile.body>) =>
    signIn.withToken((token) => ask(fetcher, updateProfile, { body, headers: bearer(token) })),

  changePassword: (body: z.input<typeof resetPassword.body>) =>
    signIn.withToken((token) => ask(fetcher, resetPassword, { body, headers: bearer(token) })),

  regenerateApiKey: () => signIn.withToken((token) => ask(fetcher, regenerateApiKey, { headers: bearer(token) })),

  apiKey: async (): Promise<string> =>
    (await signIn.withToken((token) => ask(fetcher, showApiKey, { headers: bearer(token) }))).api_key,

  secondFactors: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, secondFactors, { headers: bearer(token), signal })),

  beginTotp: (current_password: string) =>
    signIn.withToken((token) => ask(fetcher, beginTotp, { body: { current_password }, headers: bearer(token) })),

  confirmTotp: (code: string) =>
    signIn.withToken((token) => ask(fetcher, confirmTotp, { body: { code }, headers: bearer(token) })),

  identities: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, listIdentities, { headers: bearer(token), signal })),

  beginLink: (provider: string, current_password: string) =>
    signIn.withToken((token) =>
      ask(fetcher, beginLink, { params: { id: provider }, body: { current_password }, headers: bearer(token) }),
    ),

  async completeLink(body: z.input<typeof completeLink.body>): Promise<void> {
    await signIn.withToken((token) => send(fetcher, completeLink, { body, headers: bearer(token) }));
  },

  async unlinkIdentity(id: string): Promise<void> {
    await signIn.withToken((token) => send(fetcher, unlinkIdentity, { params: { id }, headers: bearer(token) }));
  },

  beginPasskey: (current_password: string) =>
    signIn.withToken((token) => ask(fetcher, beginPasskey, { body: { current_password }, headers: bearer(token) })),

  addPasskey: (body: z.input<typeof addPasskey.body>) =>
    signIn.withToken((token) => ask(fetcher, addPasskey, { body, headers: bearer(token) })),

  async renamePasskey(id: string, name: string): Promise<void> {
    await signIn.withToken((token) =>
      send(fetcher, renamePasskey, { params: { id }, body: { name }, headers: bearer(token) }),
    );
  },

  async removePasskey(id: string): Promise<void> {
    await signIn.withToken((token) => send(fetcher, removePasskey, { params: { id }, headers: bearer(token) }));
  },

  async removeTotp(): Promise<void> {
    await signIn.withToken((token) => send(fetcher, removeTotp, { headers: bearer(token) }));
  },

  renewRecoveryCodes: () => signIn.withToken((token) => ask(fetcher, renewRecoveryCodes, { headers: bearer(token) })),

  async dismissFactorReset(): Promise<void> {
    await signIn.withToken((token) => send(fetcher, dismissFactorReset, { headers: bearer(token) }));
  },

  signins: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, listSignins, { headers: bearer(token), signal })),

  async endSignin(id: string): Promise<void> {
    await signIn.withToken((token) => send(fetcher, endSignin, { params: { id }, headers: bearer(token) }));
  },

  endOtherSignins: () => signIn.withToken((token) => ask(fetcher, endOtherSignins, { headers: bearer(token) })),

  myBelongings: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, profileBelongings, { headers: bearer(token), signal })),

  async leave(body: z.input<typeof leave.body>): Promise<void> {
    await signIn.withToken((token) => send(fetcher, leave, { body, headers: bearer(token) }));
  },

  preferences: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, preferences, { headers: bearer(token), signal })),

  workspace: async (signal?: AbortSignal): Promise<KeptWorkspace | null> => {
    const answer = await signIn.withToken((token) => ask(fetcher, getWorkspace, { headers: bearer(token), signal }));
    return answer.workspace;
  },

  async putWorkspace(body: Workspace): Promise<void> {
    await signIn.withToken((token) => send(fetcher, putWorkspace, { body, headers: bearer(token) }));
  },

  putPreferences: (terminal: Preferences['terminal']) =>
    signIn.withToken((token) => ask(fetcher, putPreferences, { body: { terminal }, headers: bearer(token) })),

  uploadAvatar: (dataUrl: string) =>
    signIn.withToken((token) => ask(fetcher, uploadAvatar, { body: { avatar_url: dataUrl }, headers: bearer(token) })),

  async deleteAvatar(): Promise<void> {
    await signIn.withToken((token) => send(fetcher, deleteAvatar, { headers: bearer(token) }));
  },
});

/** Calls of administrators on other accounts. */
export const userCalls = (signIn: Pick<SignIn, 'withToken'>, fetcher: typeof fetch) => ({
  users: (query: UserQuery, signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, listUsers, { query, headers: bearer(token), signal })),

  createUser: (body: z.input<typeof createUser.body>) =>
    signIn.withToken((token) => ask(fetcher, createUser, { body, headers: bearer(token) })),

  createResetLink: (id: string) =>
    signIn.withToken((token) => ask(fetcher, createResetLink, { params: { id }, headers: bearer(token) })),

  updateUser: (id: string, body: z.input<typeof updateUser.body>) =>
    signIn.withToken((token) => ask(fetcher, updateUser, { params: { id }, body, headers: bearer(token) })),

  userBelongings: (id: string, signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, userBelongings, { params: { id }, headers: bearer(token), signal })),

  async resetSecondFactors(id: string): Promise<void> {
    await signIn.withToken((token) => send(fetcher, resetSecondFactors, { params: { id }, headers: bearer(token) }));
  },

  factorPolicy: (signal?: AbortSignal) =>
    signIn.withToken((token) => ask(fetcher, factorPolicy, { headers: bearer(token), signal })),

  changeFactorPolicy: (body: FactorPolicyChange) =>
    signIn.withToken((token) => ask(fetcher, changeFactorPolicy, { body, headers: bearer(token) })),

  async deleteUser(id: string, query: z.input<typeof deleteUser.query>): Promise<void> {
    await signIn.withToken((token) => send(fetcher, deleteUser, { params: { id }, query, headers: bearer(token) }));
  },
});
