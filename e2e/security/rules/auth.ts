import { adminOnly, anyone, type Rule, self } from './rule.ts';

const noLink = `wxt_sl_${'A'.repeat(43)}`;

const credential = { id: 'AAAA', rawId: 'AAAA', type: 'public-key' };
const noPasskey = {
  ...credential,
  response: { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' },
};
const newPasskey = { ...credential, response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA' } };

/** Accounts, sign-ins and users. */
export const authRules: Readonly<Record<string, readonly Rule[]>> = {
  signup: [anyone(400, () => ({ body: {} }))],
  login: [anyone(400, () => ({ body: {} }))],
  refreshToken: [anyone(400, () => ({ body: {} }))],
  // Nobody gets anything without the Origin of the web UI, whatever else they bring.
  browserSession: [anyone(403, () => ({ body: {} }))],
  // An invalid challenge reveals nothing about a user.
  confirmLogin: [anyone(401, () => ({ body: { challenge: 'wxt_sf_none.none', code: '123456' } }))],
  secondFactors: [self(200)],
  beginTotp: [self(400, () => ({ body: { current_password: 'not mine' } }))],
  // Nothing is being set up, and there is no second factor.
  confirmTotp: [self(409, () => ({ body: { code: '123456' } }))],
  removeTotp: [self(404)],
  renewRecoveryCodes: [self(404)],
  stepUp: [self(404, () => ({ body: { code: '123456' } }))],
  signInMethods: [anyone(200)],
  beginPasskeySignIn: [anyone(200)],
  passkeySignIn: [anyone(401, () => ({ body: { ceremony: 'wxt_pk_none.none', credential: noPasskey } }))],
  confirmLoginPasskey: [anyone(401, () => ({ body: { challenge: 'wxt_sf_none.none', credential: noPasskey } }))],
  beginStepUpPasskey: [self(200)],
  stepUpPasskey: [self(401, () => ({ body: { ceremony: 'wxt_pk_none.none', credential: noPasskey } }))],
  beginPasskey: [self(400, () => ({ body: { current_password: 'not mine' } }))],
  addPasskey: [self(401, () => ({ body: { ceremony: 'wxt_pk_none.none', name: 'mine', credential: newPasskey } }))],
  renamePasskey: [self(404, () => ({ params: { id: 'A'.repeat(16) }, body: { name: 'mine' } }))],
  removePasskey: [self(404, () => ({ params: { id: 'A'.repeat(16) } }))],
  // The installation has no providers.
  beginOidc: [anyone(404, () => ({ params: { provider: 'none' }, body: {} }))],
  completeOidc: [anyone(401, () => ({ body: { transaction: 'wxt_oi_none.none', query: 'code=none' } }))],
  listIdentities: [self(200)],
  beginLink: [self(404, () => ({ params: { id: 'none' }, body: { current_password: 'not mine' } }))],
  completeLink: [self(401, () => ({ body: { transaction: 'wxt_oi_none.none', query: 'code=none' } }))],
  unlinkIdentity: [self(404, () => ({ params: { id: 'A'.repeat(16) } }))],
  dismissFactorReset: [self(204)],
  secondFactorPolicy: [adminOnly(200)],
  changeSecondFactorPolicy: [adminOnly(200, () => ({ body: { required: 'off', grace_days: 0 } }))],
  resetSecondFactors: [
    adminOnly(204, async (world, caller) => {
      const target = caller.startsWith('admin') ? await world.person(`reset by ${caller}`) : world.cast.other;
      return { params: { id: target.id } };
    }),
  ],
  listAccessTokens: [self(200)],
  createAccessToken: [self(201, () => ({ body: { name: 'a program', scopes: ['see'] } }))],
  // Nobody has this token.
  revokeAccessToken: [self(404, () => ({ params: { id: 'pt_0000000000000000' } }))],
  beginProgramLogin: [anyone(400, () => ({ body: {} }))],
  // Nobody asks with this id.
  programLogin: [self(404, () => ({ params: { id: 'A'.repeat(43) } }))],
  answerProgramLogin: [self(404, () => ({ params: { id: 'A'.repeat(43) }, body: { agree: true } }))],
  redeemProgramLogin: [anyone(401, () => ({ body: { request: 'A'.repeat(43), code_verifier: 'A'.repeat(43) } }))],
  revokeOwnToken: [self(404)],
  listUserTokens: [adminOnly(200, (world) => ({ params: { id: world.cast.other.id } }))],
  revokeUserTokens: [adminOnly(200, (world) => ({ params: { id: world.cast.other.id } }))],
  logout: [self(204)],
  profile: [self(200)],
  showApiKey: [self(200)],
  listSignins: [self(200)],
  endOtherSignins: [self(200)],
  // Somebody else's sign-in is not there.
  endSignin: [self(404, () => ({ params: { id: '0'.repeat(24) } }))],
  regenerateApiKey: [self(200)],
  resetPassword: [self(400, () => ({ body: { current_password: 'not mine', new_password: 'yourpassword' } }))],
  listUsers: [adminOnly(200)],
  updateUser: [adminOnly(200, (world) => ({ params: { id: world.cast.other.id }, body: { role: 'user' } }))],
  createUser: [
    adminOnly(201, (_world, caller) => ({
      body: { username: `made by ${caller}`, email: `made.${caller}@example.com` },
    })),
  ],
  createResetLink: [adminOnly(201, (world) => ({ params: { id: world.cast.other.id } }))],
  userBelongings: [adminOnly(200, (world) => ({ params: { id: world.cast.owner.id } }))],
  // An invalid link reveals nothing about a user.
  lookUpLink: [anyone(401, () => ({ body: { token: noLink } }))],
  redeemLink: [anyone(401, () => ({ body: { token: noLink, password: 'yourpassword' } }))],
  updateProfile: [self(200, () => ({ body: { username: 'called otherwise' } }))],
  profileBelongings: [self(200)],
  deleteProfile: [self(400, () => ({ body: { current_password: 'not mine' } }))],
  preferences: [self(200)],
  workspace: [self(200)],
  putWorkspace: [self(204, () => ({ body: { tabs: [], active: 0 } }))],
  putPreferences: [self(200, () => ({ body: { terminal: { fontSize: 15 } } }))],
  uploadAvatar: [self(400, () => ({ body: { avatar_url: 'data:image/png;base64,AAAA' } }))],
  deleteAvatar: [self(204)],
  avatar: [anyone(404, () => ({ params: { id: 'A'.repeat(22) } }))],
  deleteUser: [
    adminOnly(204, async (world, caller) => {
      const target = caller.startsWith('admin') ? await world.person(`to be deleted by ${caller}`) : world.cast.other;
      return { params: { id: target.id } };
    }),
  ],
};
