import { openSession } from '../world.ts';
import { byCaller, byRight, hiddenWithout, type MakeCall, onMachine, type Rule, signedIn } from './rule.ts';

const theSession: MakeCall = (world) => ({ params: { id: world.session.sessionId } });

/** A session of `control` that may be ended; who may not end it is shown the one that goes on. */
const endable: MakeCall = async (world, caller) => {
  if (caller === 'other' || caller === 'view') return { params: { id: world.session.sessionId } };
  const session = await openSession(world.stack.url, world.agentId, world.cast.control);
  return { params: { id: session.sessionId } };
};

/** Terminals and their sessions; `control` owns `world.session`. One column for each caller. */
// biome-ignore format: a table
export const terminalRules: Readonly<Record<string, readonly Rule[]>> = {
  createTicket: [
    // An administrator manages a machine, but opens nothing on it without a grant.
    byRight('open', { other: 404, view: 403, control: 201, owner: 201, admin: 403, adminView: 403, adminControl: 201 },
      (world) => ({ body: { agent_id: world.agentId } })),
    // Only users with the right `watch` view the session of another user, and nobody else types in it.
    byCaller({ other: 404, view: 404, control: 201, owner: 404, admin: 404, adminView: 404, adminControl: 404 },
      (world) => ({ body: { agent_id: world.agentId, session_id: world.session.sessionId, mode: 'control' } })),
    hiddenWithout('watch', { other: 404, view: 404, control: 201, owner: 201, admin: 201, adminView: 201, adminControl: 201 },
      (world) => ({ body: { agent_id: world.agentId, session_id: world.session.sessionId, mode: 'view' } }), { own: ['control'] }),
  ],
  listTerminalSessions: [signedIn(200, undefined, { what: (world) => world.session.sessionId, to: ['control'] })],
  listMachineSessions: [
    byRight('see', { other: 404, view: 200, control: 200, owner: 200, admin: 200, adminView: 200, adminControl: 200 },
      onMachine,
      { what: (world) => world.session.sessionId, to: ['control', 'owner', 'admin', 'adminView', 'adminControl'] }),
  ],
  getSession: [
    hiddenWithout('manage', { other: 404, view: 404, control: 200, owner: 200, admin: 200, adminView: 200, adminControl: 200 },
      theSession, { own: ['control'] }),
  ],
  renameTerminalSession: [
    byCaller({ other: 404, view: 404, control: 200, owner: 404, admin: 404, adminView: 404, adminControl: 404 },
      (world) => ({ params: { id: world.session.sessionId }, body: { name: 'build' } })),
  ],
  resizeTerminalSession: [
    byCaller({ other: 404, view: 404, control: 204, owner: 404, admin: 404, adminView: 404, adminControl: 404 },
      (world) => ({ params: { id: world.session.sessionId }, body: { cols: 100, rows: 30 } })),
  ],
  endTerminalSession: [
    hiddenWithout('manage', { other: 404, view: 404, control: 204, owner: 204, admin: 204, adminView: 204, adminControl: 204 },
      endable, { own: ['control'] }),
  ],
};

/** The refusals of a forwarded connection to a closed port. A caller with the right learns that it is closed. */
// biome-ignore format: a table
export const forwardRules = {
  other: 'machine_not_found', view: 'view_only', control: 'forward_failed', owner: 'forward_failed',
  admin: 'view_only', adminView: 'view_only', adminControl: 'forward_failed',
} as const;

/** The codes of the refusal of an ssh connection as a Linux user that the machine does not have. */
// biome-ignore format: a table
export const sshRules = {
  other: 'machine_not_found', view: 'view_only', control: 'linux_user_refused', owner: 'linux_user_refused',
  admin: 'view_only', adminView: 'view_only', adminControl: 'linux_user_refused',
} as const;

/** The statuses of an upgrade of `GET /api/terminal/{agent_id}/ws` with a bearer token: a new session, and one of `control`. */
// biome-ignore format: a table
export const socketRules = {
  opens: { other: 404, view: 403, control: 101, owner: 101, admin: 403, adminView: 403, adminControl: 101 },
  returns: { other: 404, view: 404, control: 101, owner: 404, admin: 404, adminView: 404, adminControl: 404 },
} as const;
