import { openSession } from '../world.ts';
import { byStanding, type MakeCall, onMachine, type Rule, signedIn } from './rule.ts';

const theSession: MakeCall = (world) => ({ params: { id: world.session.sessionId } });

/** A session of `control` that may be ended; who may not end it is shown the one that goes on. */
const endable: MakeCall = async (world, standing) => {
  if (standing === 'other' || standing === 'view') return { params: { id: world.session.sessionId } };
  const session = await openSession(world.stack.url, world.agentId, world.cast.control);
  return { params: { id: session.sessionId } };
};

/** Terminals and their sessions. */
export const terminalRules: Readonly<Record<string, readonly Rule[]>> = {
  createTicket: [
    // An administrator manages a machine, but opens nothing on it without a grant.
    byStanding({ other: 404, view: 403, control: 201, owner: 201, admin: 403 }, (world) => ({
      body: { agent_id: world.agentId },
    })),
    // Into somebody else's session goes nobody.
    byStanding({ other: 404, view: 404, control: 201, owner: 404, admin: 404 }, (world) => ({
      body: { agent_id: world.agentId, session_id: world.session.sessionId },
    })),
  ],
  listTerminalSessions: [signedIn(200, undefined, { what: (world) => world.session.sessionId, to: ['control'] })],
  listMachineSessions: [
    byStanding({ other: 404, view: 200, control: 200, owner: 200, admin: 200 }, onMachine, {
      what: (world) => world.session.sessionId,
      to: ['control', 'owner', 'admin'],
    }),
  ],
  getSession: [byStanding({ other: 404, view: 404, control: 200, owner: 200, admin: 200 }, theSession)],
  resizeTerminalSession: [
    byStanding({ other: 404, view: 404, control: 204, owner: 404, admin: 404 }, (world) => ({
      params: { id: world.session.sessionId },
      body: { cols: 100, rows: 30 },
    })),
  ],
  endTerminalSession: [byStanding({ other: 404, view: 404, control: 204, owner: 204, admin: 204 }, endable)],
};
