import { busMacPurposes } from '@webxterm/contracts/bus';
import type { Api } from '@webxterm/shared/api';
import { MacKey } from '@webxterm/shared/bus';
import type { Core } from '../core.ts';
import type { HubClientParts } from '../hub-client/wiring.ts';
import type { TicketParts } from '../tickets/wiring.ts';
import type { Denials } from '../websocket/denials.ts';
import { mountSessions, type SessionsHttpOptions } from './http.ts';
import { SessionLedger } from './ledger.ts';
import { MachineCalls } from './machine-calls.ts';
import { answerSessions } from './nats.ts';
import { SessionEvents } from './session-events.ts';
import { SessionStore } from './store.ts';

/** The records of sessions, and their routes. */
export const wireSessions = (parts: Core & HubClientParts & TicketParts & { readonly denials: Denials }) => {
  const store = new SessionStore(parts.models.sessions);
  const events = new SessionEvents({ ...parts, store });
  const ledger = new SessionLedger({
    ...parts,
    store,
    events,
    counts: parts.measures.sessions,
    ofHubs: new MacKey(parts.settings.PASS_KEY, busMacPurposes.hubsToTerminals),
  });
  const machines = new MachineCalls(parts);
  return {
    store,
    ledger,
    machines,
    mountSessions: (api: Api, policies: SessionsHttpOptions['policies']): void =>
      mountSessions(api, { ...parts, store, machines, policies }),
    startSessions: (): void => {
      events.start();
      ledger.listen();
      answerSessions(parts.bus, store, parts.logger);
    },
    stopSessions: (): Promise<void> => {
      ledger.stop();
      return events.stop();
    },
  };
};
