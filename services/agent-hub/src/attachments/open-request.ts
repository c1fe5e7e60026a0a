import { maxWinsize } from '@webxterm/contracts/frames';
import { type AttachOpen, AttachUp, Role } from '@webxterm/contracts/grpc';
import { AgentId } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';

/** What `kind` may be until other things than shells run over the same open. */
const kinds = new Set(['', 'pty']);

/** The first message on the terminal service's stream. @throws AppError invalid_input when it is anything but a sound `open` */
export const readOpen = (message: Buffer): AttachOpen => {
  const open = decode(message);
  const wrong = problem(open);
  if (open === undefined || wrong !== undefined) throw new AppError('invalid_input', wrong);
  return open;
};

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
  if (open.sid === '' || open.sid.length > 64) return 'An open needs the sign-in id.';
  if (!AgentId.safeParse(open.agentId).success) return 'An open needs a machine id.';
  if (open.sessionId.length !== 16 || open.viewerId.length !== 16) return 'Session and viewer ids have 16 bytes.';
  if (!kinds.has(open.kind)) return 'This kind of session is not known here.';
  if (open.role !== Role.ROLE_CONTROL && open.role !== Role.ROLE_VIEW) return 'An open needs a role.';
  const inRange = (size: number): boolean => size >= 1 && size <= maxWinsize;
  if (!inRange(open.cols) || !inRange(open.rows)) return `Columns and rows are 1 to ${maxWinsize}.`;
  return undefined;
};
