import { ApiError } from '@webxterm/rest-client';
import {
  TerminalClient,
  type TerminalClientOptions,
  TerminalRefusal,
  type TerminalTicket,
} from '@webxterm/terminal-client';
import type { Server } from '../api/server.ts';
import { SignedOutError } from '../api/signed-out-error.ts';

/** Statuses of the ticket route for which a retry is useless. */
const finalStatuses: readonly number[] = [400, 401, 403, 404];
/** 429 with `too_many_sessions` is final, because the user must end a session first. Other 429s are rate limits. */
const isFinal = ({ status, code }: ApiError): boolean => finalStatuses.includes(status) || code === 'too_many_sessions';

/** URL of the WebSocket of a machine's terminals on this server. It contains no secret, because browsers print it. */
export const terminalAddress = (page: Pick<Location, 'protocol' | 'host'>, agentId: string): string =>
  `${page.protocol === 'https:' ? 'wss:' : 'ws:'}//${page.host}/api/terminal/${encodeURIComponent(agentId)}/ws`;

/** Gets a ticket by REST. Separates final errors from those worth a retry. @throws TerminalRefusal */
export const ticketFrom =
  (server: Pick<Server, 'ticket'>, agentId: string, linuxUser: string | undefined) =>
  async (sessionId: string | undefined): Promise<TerminalTicket> => {
    try {
      const answer = await server.ticket(agentId, sessionId, linuxUser);
      return { ticket: answer.ticket, sessionId: answer.session_id };
    } catch (error) {
      if (error instanceof SignedOutError) throw new TerminalRefusal('unauthenticated', error.message);
      if (error instanceof ApiError && isFinal(error)) throw new TerminalRefusal(error.code, error.message);
      throw error;
    }
  };

/** 128 random bits as base64url. Identifies this tab as a viewer of a session that another viewer opened. */
export const newViewerId = (): string =>
  btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

export const openClient = (
  server: Pick<Server, 'ticket'>,
  agentId: string,
  options: Pick<TerminalClientOptions, 'size' | 'handlers'> & {
    readonly sessionId: string | undefined;
    readonly viewerId: string | undefined;
    /** The Linux user of a new session. Undefined: the default. */
    readonly linuxUser: string | undefined;
  },
): TerminalClient =>
  new TerminalClient({
    webSocketUrl: () => terminalAddress(window.location, agentId),
    ticket: ticketFrom(server, agentId, options.linuxUser),
    size: options.size,
    handlers: options.handlers,
    ...(options.sessionId !== undefined && {
      resume: { sessionId: options.sessionId, viewerId: options.viewerId ?? newViewerId() },
    }),
  });
