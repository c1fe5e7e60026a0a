import { maxWinsize } from '@webxterm/contracts/frames';
import { type AttachOpen, AttachUp, Role } from '@webxterm/contracts/grpc';
import { AgentId, LinuxUserName } from '@webxterm/contracts/rest';
import { defaultKind, SessionKindName } from '@webxterm/contracts/session-kinds';
import { AppError } from '@webxterm/shared';
import type { RawStream } from './splice.ts';

/** Time limit for the first message of the terminal service. */
const openWithinMs = 5000;
/** A name of 253 characters with brackets and a port. */
const maxTarget = 300;

/** Decodes the first message of the terminal service's stream. @throws AppError invalid_input unless it is a valid `open` */
export const readOpen = (message: Buffer): AttachOpen => {
  const open = decode(message);
  const wrong = problem(open);
  if (open === undefined || wrong !== undefined) throw new AppError('invalid_input', wrong);
  return { ...open, kind: open.kind === '' ? defaultKind : open.kind };
};

const roles: ReadonlySet<Role> = new Set([Role.ROLE_CONTROL, Role.ROLE_VIEW, Role.ROLE_RECORD]);

const decode = (message: Buffer): AttachOpen | undefined => {
  try {
    const up = AttachUp.decode(message).message;
    return up?.$case === 'open' ? up.value : undefined;
  } catch {
    return undefined;
  }
};

const problem = (open: AttachOpen | undefined): string | undefined => {
  if (open === undefined) return 'The first message must be an open.';
  const records = open.role === Role.ROLE_RECORD;
  if ((open.sid === '') !== records || open.sid.length > 64)
    return 'The open needs a sign-in id of at most 64 characters, or none for a recorder.';
  if (records && open.create) return 'A recorder opens no session.';
  if (!AgentId.safeParse(open.agentId).success) return 'The open needs a machine id.';
  if (open.sessionId.length !== 16 || open.viewerId.length !== 16) return 'Session and viewer ids have 16 bytes.';
  if (open.kind !== '' && !SessionKindName.safeParse(open.kind).success)
    return 'The open has an invalid kind of session.';
  if (open.linuxUser !== '' && !LinuxUserName.safeParse(open.linuxUser).success)
    return 'The open has an invalid Linux user.';
  if (open.target.length > maxTarget) return `The target of the open has more than ${maxTarget} characters.`;
  if (!roles.has(open.role)) return 'The open needs a role.';
  const inRange = (size: number): boolean => size >= 1 && size <= maxWinsize;
  if (!inRange(open.cols) || !inRange(open.rows)) return `Columns and rows are 1 to ${maxWinsize}.`;
  return undefined;
};

/** The first message, with the stream paused after it. Undefined if none arrived in time. */
export const firstMessage = (stream: RawStream): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const settle = (message: Buffer | undefined): void => {
      clearTimeout(timer);
      stream.off('data', onMessage).off('end', onGone).off('cancelled', onGone);
      resolve(message);
    };
    const onMessage = (message: Buffer): void => {
      stream.pause();
      settle(message);
    };
    const onGone = (): void => settle(undefined);
    const timer = setTimeout(onGone, openWithinMs);
    stream.on('data', onMessage).on('end', onGone).on('cancelled', onGone);
  });
