import { type DownFrame, maxWinsize } from '@webxterm/contracts/frames';
import { AttachGrant, type OpenStream, Recording, Role } from '@webxterm/contracts/grpc';
import type { Attachment, Viewer } from '../attachment/attachment.ts';
import type { WindowSize } from './session-kind.ts';
import type { RecordingPolicy } from './session-recording.ts';

/** The answer to an open request: the attachment, or the only frame that the viewer gets. */
export type Answer = { attachment: Attachment } | { frame: DownFrame };

export const refused = (code: string, message: string): Answer => ({ frame: { type: 'refused', code, message } });

export const notYours = refused('session_not_found', 'No terminal session by that id, or it is not yours.');

export const unknownSession: Answer = {
  frame: { type: 'ended', finalOffset: 0, cause: 'unknown', exitCode: undefined, signal: undefined },
};

/** The window size of the viewer, if it has one. */
export const sizeOf = (open: Pick<OpenStream, 'cols' | 'rows'>): WindowSize | undefined =>
  open.cols === 0 || open.rows === 0 ? undefined : { cols: open.cols, rows: open.rows };

/** A hub of the previous version may leave the kind empty. */
export const kindOf = ({ kind }: OpenStream): string => (kind === '' ? 'pty' : kind);

export const viewerOf = (open: OpenStream): Viewer => ({
  userId: open.userId,
  viewerId: open.viewerId.toString('hex'),
  role: roles.get(open.role) ?? 'view',
  name: open.username,
  typesAlways: open.typesAlways,
});

const roles: ReadonlyMap<Role, Viewer['role']> = new Map([
  [Role.ROLE_CONTROL, 'control'],
  [Role.ROLE_RECORD, 'record'],
]);

/** Undefined: the session is not recorded. */
export const recordingOf = ({ recording }: Pick<OpenStream, 'recording'>): RecordingPolicy | undefined =>
  recording === Recording.RECORDING_REQUIRED ? 'required' : recording === Recording.RECORDING_ON ? 'on' : undefined;

/** A viewer other than the owner needs a grant, to an existing session. Only a share lets it type, and no other grant than its own allows recording. */
export const hasGrant = ({ userId, ownerUserId, grant, role, create }: OpenStream): boolean => {
  if (role === Role.ROLE_RECORD) return grant === AttachGrant.ATTACH_GRANT_RECORD && !create;
  if (userId === ownerUserId) return true;
  if (create) return false;
  return (
    grant === AttachGrant.ATTACH_GRANT_SHARE || (grant === AttachGrant.ATTACH_GRANT_WATCH && role === Role.ROLE_VIEW)
  );
};

/** Why an open request is not valid. Undefined: it is. */
export const invalidRequest = (open: OpenStream): string | undefined => {
  if (open.sessionId.length !== 16 || open.viewerId.length !== 16) return 'Session and viewer ids have 16 bytes.';
  if (open.cols > maxWinsize || open.rows > maxWinsize) return `Columns and rows are 1 to ${maxWinsize}.`;
  if (open.userId === '') return 'No user is named.';
  return undefined;
};
