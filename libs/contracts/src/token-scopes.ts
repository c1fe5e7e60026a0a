import { z } from 'zod';
import { AgentId } from './ids.ts';
import { Right } from './rights.ts';

/**
 * Scopes of a personal access token. A right of this list is a right on machines (`rights.ts`). The others belong to the account or, if
 * its owner is an administrator, to the installation.
 *
 * `account:read`: read the profile of the owner, without the API key. `machines:add`: add machines, and make and revoke enrolment tokens.
 * `audit:read`: read the audit log. `updates:manage`: see, pause and resume roll-outs of agents.
 */
export const TokenScope = z.enum([...Right.options, 'account:read', 'machines:add', 'audit:read', 'updates:manage']);
export type TokenScope = z.infer<typeof TokenScope>;

/** The scopes that only the token of an administrator can have. */
export const adminScopes: readonly TokenScope[] = ['audit:read', 'updates:manage'];

/** The limits of a token: the part of its owner's rights that it has. Part of the allow-list's entry of the token. */
export const TokenLimits = z.object({
  /** The id of the token, which is not secret. */
  id: z.string(),
  /** Names that this version does not know allow nothing. */
  scopes: z.array(z.string()),
  /** The machines that the token can reach: these, and those with one of the tags. Both empty: all. */
  machines: z.array(AgentId),
  /** In the folded form of `foldName`. */
  tags: z.array(z.string()),
  /** Addresses and CIDR blocks from which the token can be used. Empty: from everywhere. */
  addresses: z.array(z.string()),
});
export type TokenLimits = z.infer<typeof TokenLimits>;

/** Whether the token reaches only some machines. */
export const isLimitedToMachines = ({ machines, tags }: Pick<TokenLimits, 'machines' | 'tags'>): boolean =>
  machines.length > 0 || tags.length > 0;

const notForTokens: readonly TokenScope[] = [];

/**
 * The scopes that each route accepts, by the id of the route: one of them is enough. Empty: a token cannot call the route, whatever its
 * scopes, and neither can it call a route that is missing here. Public routes need no token and are not listed. A route about one machine
 * checks the right on that machine as well, which the scopes limit (`allowed` of agent-hub).
 */
export const tokenRules: Readonly<Record<string, readonly TokenScope[]>> = {
  // Whatever would let a token outlive or widen itself, and every security setting of accounts.
  browserSession: notForTokens,
  logout: notForTokens,
  listSignins: notForTokens,
  endOtherSignins: notForTokens,
  endSignin: notForTokens,
  regenerateApiKey: notForTokens,
  showApiKey: notForTokens,
  resetPassword: notForTokens,
  secondFactors: notForTokens,
  beginTotp: notForTokens,
  confirmTotp: notForTokens,
  removeTotp: notForTokens,
  renewRecoveryCodes: notForTokens,
  stepUp: notForTokens,
  beginStepUpPasskey: notForTokens,
  stepUpPasskey: notForTokens,
  beginPasskey: notForTokens,
  addPasskey: notForTokens,
  renamePasskey: notForTokens,
  removePasskey: notForTokens,
  listIdentities: notForTokens,
  beginLink: notForTokens,
  completeLink: notForTokens,
  unlinkIdentity: notForTokens,
  dismissFactorReset: notForTokens,
  secondFactorPolicy: notForTokens,
  changeSecondFactorPolicy: notForTokens,
  updateProfile: notForTokens,
  deleteProfile: notForTokens,
  preferences: notForTokens,
  putPreferences: notForTokens,
  workspace: notForTokens,
  putWorkspace: notForTokens,
  uploadAvatar: notForTokens,
  deleteAvatar: notForTokens,
  listAccessTokens: notForTokens,
  createAccessToken: notForTokens,
  revokeAccessToken: notForTokens,
  listUserTokens: notForTokens,
  programLogin: notForTokens,
  answerProgramLogin: notForTokens,
  revokeUserTokens: notForTokens,
  listUsers: notForTokens,
  createUser: notForTokens,
  updateUser: notForTokens,
  deleteUser: notForTokens,
  userBelongings: notForTokens,
  createResetLink: notForTokens,
  resetSecondFactors: notForTokens,
  leaveMachine: notForTokens,
  listBlockedUsers: notForTokens,
  blockUser: notForTokens,
  unblockUser: notForTokens,
  // Groups and grants on tags reach machines that a token does not know yet.
  listGroups: notForTokens,
  createGroup: notForTokens,
  updateGroup: notForTokens,
  deleteGroup: notForTokens,
  listGroupMembers: notForTokens,
  addGroupMember: notForTokens,
  removeGroupMember: notForTokens,
  listTagGrants: notForTokens,
  grantOnTag: notForTokens,
  revokeTagGrant: notForTokens,

  // A share rests on the sign-in of the user who made it.
  findShareGrantee: notForTokens,
  createSessionShare: notForTokens,
  listSessionShares: notForTokens,
  revokeSessionShare: notForTokens,
  redeemShareLink: notForTokens,
  listSharedSessions: notForTokens,
  joinSharedSession: notForTokens,

  // The terminal service asks for the machines of a user, without the limits of a token.
  listRecordings: notForTokens,
  searchRecordings: notForTokens,
  getRecording: notForTokens,
  listRecordingChunks: notForTokens,
  getRecordingChunk: notForTokens,
  listRecordingKeyframes: notForTokens,
  getRecordingKeyframe: notForTokens,
  listRecordingCommands: notForTokens,
  downloadRecordingCast: notForTokens,
  downloadRecordingText: notForTokens,
  deleteRecording: notForTokens,
  holdRecording: notForTokens,
  getRecordingPolicy: notForTokens,
  updateRecordingPolicy: notForTokens,
  getMachineRecordingPolicy: notForTokens,
  updateMachineRecordingPolicy: notForTokens,

  // Every token can end itself.
  revokeOwnToken: TokenScope.options,

  profile: ['account:read'],
  profileBelongings: ['account:read'],

  listMachines: ['see'],
  machineEvents: ['see'],
  getMachine: ['see'],
  machineMetrics: ['see'],
  dashboardStats: ['see'],
  dashboardRecentMachines: ['see'],
  dashboardRecentActivity: ['see'],

  createMachine: ['machines:add'],
  createEnrolmentToken: ['machines:add'],
  listEnrolmentTokens: ['machines:add'],
  revokeEnrolmentToken: ['machines:add'],

  createRegistrationToken: ['manage'],
  updateMachine: ['manage'],
  deleteMachine: ['manage'],
  requestUpdate: ['manage'],
  listMachineAccess: ['manage'],
  findMachineGrantee: ['manage'],
  grantMachineAccess: ['manage'],
  revokeMachineAccess: ['manage'],
  explainMachineAccess: ['manage'],
  listMachineTeamGrants: ['manage'],
  grantMachineToGroup: ['manage'],
  revokeMachineFromGroup: ['manage'],

  runMachineCommand: ['command'],
  createRun: ['command'],
  listRuns: ['command'],
  getRun: ['command'],
  listRunTargets: ['command'],
  getRunOutput: ['command'],
  listRunGroups: ['command'],
  exportRun: ['command'],
  cancelRun: ['command'],
  runEvents: ['command'],

  listFiles: ['files_read'],
  downloadFile: ['files_read'],
  downloadFolder: ['files_read'],
  uploadFile: ['files_write'],
  createFolder: ['files_write'],
  renameFile: ['files_write'],
  copyFile: ['files_write'],
  changeFileMode: ['files_write'],
  removeFile: ['files_write'],

  createTicket: ['open'],
  listTerminalSessions: ['open'],
  renameTerminalSession: ['open'],
  resizeTerminalSession: ['open'],
  listMachineSessions: ['open', 'manage'],
  getSession: ['open', 'manage'],
  endTerminalSession: ['open', 'manage'],

  sessionLimits: ['open'],
  changeSessionLimits: notForTokens,

  listAudit: ['audit:read'],
  exportAuditCsv: ['audit:read'],
  exportAuditNdjson: ['audit:read'],
  listRollouts: ['updates:manage'],
  changeRollout: ['updates:manage'],
};

/** The scopes that the route with this id accepts. */
export const scopesFor = (routeId: string): readonly TokenScope[] =>
  Object.hasOwn(tokenRules, routeId) ? (tokenRules[routeId] ?? notForTokens) : notForTokens;
