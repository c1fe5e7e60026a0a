import {
  TerminalClient,
  type TerminalClientOptions,
  TerminalRefusal,
  type TerminalTicket,
} from '@webxterm/terminal-client';
import { ApiError, SignedOutError } from '../api/api-error.ts';
import type { Server } from '../api/server.ts';

/** Answers of the ticket route that another try does not change. */
const finalStatuses: readonly number[] = [400, 401, 403, 404];
/** 429 is final where it is not for too many tries: the person has to end something first. */
const isFinal = ({ status, code }: ApiError): boolean => finalStatuses.includes(status) || code === 'too_many_sessions';

/** The WebSocket of a machine's terminals on the server that served this page. Holds nothing secret: a browser prints it. */
export const terminalAddress = (page: Pick<Location, 'protocol' | 'host'>, agentId: string): string =>
  `${page.protocol === 'https:' ? 'wss:' : 'ws:'}//${page.host}/api/terminal/${encodeURIComponent(agentId)}/ws`;

/** A ticket by REST, with what is final told apart from what is worth another try. @throws TerminalRefusal */
export const ticketFrom =
  (server: Pick<Server, 'ticket'>, agentId: string) =>
  async (sessionId: string | undefined): Promise<TerminalTicket> => {
    try {
      const answer = await server.ticket(agentId, sessionId);
      return { ticket: answer.ticket, sessionId: answer.session_id };
    } catch (error) {
      if (error instanceof SignedOutError) throw new TerminalRefusal('unauthenticated', error.message);
      if (error instanceof ApiError && isFinal(error)) throw new TerminalRefusal(error.code, error.message);
      throw error;
    }
  };

/** 128 random bits as base64url: this tab as a viewer of a session that another viewer opened. */
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
  },
): TerminalClient =>
  new TerminalClient({
    webSocketUrl: () => terminalAddress(window.location, agentId),
    ticket: ticketFrom(server, agentId),
    size: options.size,
    handlers: options.handlers,
    ...(options.sessionId !== undefined && {
      resume: { sessionId: options.sessionId, viewerId: options.viewerId ?? newViewerId() },
    }),
  });
