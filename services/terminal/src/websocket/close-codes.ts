import type { ErrorCode } from '@webxterm/contracts/errors';
import { errorCatalog } from '@webxterm/contracts/errors';
import { type CloseCode, closeCode, type DetachReason, type DownFrame } from '@webxterm/contracts/frames';
import { defaultKind } from '@webxterm/contracts/session-kinds';
import { plainText } from '@webxterm/contracts/text';
import { AppError } from '@webxterm/shared';
import type { EndedFromHere } from '../attachment/open-terminal.ts';

/** Errors that a user must resolve, for example by closing a terminal. Reconnecting does not help. */
const waitingForSomebody: ReadonlySet<ErrorCode> = new Set([
  'too_many_terminals',
  'too_many_sessions',
  'too_many_streams',
  'shell_not_started',
  'kind_not_supported',
  'forward_failed',
  'recording_unavailable',
  'sharing_unavailable',
  'machine_hosts_stack',
]);

/** The WebSocket close code of an error. */
export const closeCodeFor = (code: ErrorCode): CloseCode => {
  if (code === 'displaced') return closeCode.displaced;
  if (code === 'payload_too_large') return closeCode.tooBig;
  if (waitingForSomebody.has(code)) return closeCode.forbidden;
  const { status } = errorCatalog[code];
  if (status === 401) return closeCode.unauthenticated;
  if (status === 403) return closeCode.forbidden;
  if (status === 404) return closeCode.notFound;
  if (status === 400) return closeCode.protocolError;
  // Rate limits and unavailable services are temporary, so the client may reconnect.
  if (status === 429 || code === 'unavailable') return closeCode.comeBack;
  if (status === 503) return closeCode.unreachable;
  return closeCode.internal;
};

/** A close reason is at most 123 bytes of UTF-8 (RFC 6455, 5.5). */
export const closeReason = (text: string): string => {
  let reason = text;
  while (Buffer.byteLength(reason) > 123) reason = reason.slice(0, -1);
  return reason;
};

/** The close code and reason of a session end, for clients that get no `ended` frame. */
export const closeForEnd = (ended: Extract<DownFrame, { type: 'ended' }>): { code: CloseCode; reason: string } => {
  if (ended.cause === 'unknown') return { code: closeCode.ended, reason: 'no such session' };
  if (ended.signal !== undefined) return { code: closeCode.normal, reason: `signal ${plainText(ended.signal, 32)}` };
  if (ended.exitCode !== undefined) return { code: closeCode.normal, reason: `exit ${ended.exitCode}` };
  return { code: closeCode.ended, reason: ended.cause };
};

type EndedForGood = Exclude<EndedFromHere, 'moving'>;

/** The detach reason for the agent when this instance ends a terminal. A stalled terminal may resume, like after a broken connection. */
export const detachFor = (why: EndedForGood): DetachReason =>
  why === 'displaced' ? 'displaced' : why === 'stalled' ? 'broken' : 'revoked';

/** The error for the client when this instance ends its terminal. */
export const errorFor = (why: EndedForGood, kind = defaultKind): AppError => {
  switch (why) {
    case 'displaced':
      return new AppError('displaced', 'A newer connection of this viewer took over.');
    case 'stalled':
      return new AppError(
        'too_many_requests',
        `Your ${kind === defaultKind ? 'terminals' : 'connections'} hold too much unread output.`,
      );
    case 'share_ended':
      return new AppError('share_not_found', 'This terminal is no longer shared with you.');
    case 'user_disabled':
      return new AppError('user_disabled');
    case 'must_enrol':
      return new AppError('second_factor_enrolment_required');
    case 'signed_out':
      return new AppError(
        'unauthenticated',
        kind === defaultKind
          ? 'Your sign-in or access token has ended. Shells that a sign-in opened keep running.'
          : 'Your sign-in or access token has ended.',
      );
  }
};
