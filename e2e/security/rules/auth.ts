import { adminOnly, anyone, type Rule, self } from './rule.ts';

/** Accounts, sign-ins and users. */
export const authRules: Readonly<Record<string, readonly Rule[]>> = {
  signup: [anyone(400, () => ({ body: {} }))],
  login: [anyone(400, () => ({ body: {} }))],
  refreshToken: [anyone(400, () => ({ body: {} }))],
  // Nobody gets anything without the Origin of the web UI, whatever else they bring.
  browserSession: [anyone(403, () => ({ body: {} }))],
  logout: [self(204)],
  profile: [self(200)],
  listSignins: [self(200)],
  endOtherSignins: [self(200)],
  // Somebody else's sign-in is not there.
  endSignin: [self(404, () => ({ params: { id: '0'.repeat(24) } }))],
  regenerateApiKey: [self(200)],
  resetPassword: [self(400, () => ({ body: { current_password: 'not mine', new_password: 'yourpassword' } }))],
  listUsers: [adminOnly(200)],
  updateUser: [adminOnly(200, (world) => ({ params: { id: world.cast.other.id }, body: { role: 'user' } }))],
  deleteUser: [
    adminOnly(204, async (world, standing) => {
      const target = standing === 'admin' ? await world.person('to be deleted') : world.cast.other;
      return { params: { id: target.id } };
    }),
  ],
};
