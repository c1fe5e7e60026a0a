import type { RecordingMode } from '@webxterm/contracts/frames';
import { type AttachGrant, type AttachOpen, type EdgeKind, Recording, Role } from '@webxterm/contracts/grpc';
import type { ShareRecord } from '../sharing/record.ts';

const roles = { control: Role.ROLE_CONTROL, view: Role.ROLE_VIEW, record: Role.ROLE_RECORD } as const;
const recordings = {
  off: Recording.RECORDING_UNSPECIFIED,
  on: Recording.RECORDING_ON,
  required: Recording.RECORDING_REQUIRED,
} as const;

/** The fields of a share that an attach of a guest needs. */
export type UsedShare = Pick<ShareRecord, 'share_id' | 'owner_signin' | 'role' | 'types_always' | 'expires_at'>;

/** The session, the user and the mode of an attach. */
export interface AttachmentRequest {
  readonly requestId: string;
  /** The trace that the first attach continues. Undefined: the request is not traced. */
  readonly traceparent?: string | undefined;
  readonly sid: string;
  /** The user who attaches. */
  readonly userId: string;
  /** The owner of the session. */
  readonly ownerUserId: string;
  /** The username of the owner. Undefined: the owner attaches. */
  readonly ownerUsername?: string | undefined;
  /** The grant by which a user other than the owner may attach. */
  readonly grant: AttachGrant;
  /** The share by which a guest attaches. */
  readonly share?: UsedShare | undefined;
  readonly agentId: string;
  /** 16 bytes each. */
  readonly sessionId: Buffer;
  readonly viewerId: Buffer;
  /** `record`: the recorder of the session, which needs no sign-in. `sid` and `userId` are empty then. */
  readonly mode: 'control' | 'view' | 'record';
  /** Whether the session is recorded. Used when it is created, and by its recorder. */
  readonly recording: RecordingMode;
  readonly sessionKind: string;
  /** The address that the session connects to, if its kind has one. */
  readonly target?: string | undefined;
  /** The address of the client, if the hub audits what is done in sessions of this kind. */
  readonly clientIp?: string | undefined;
  /** The Linux user of a session that is opened. Undefined: the default. */
  readonly linuxUser?: string | undefined;
  readonly edge: EdgeKind;
  /** The attach may open the shell. Ignored after the first `accepted`. */
  readonly create: boolean;
  /** Admitted by a resume pass. The attach then sends a pass to the hub, which the hub accepts while its database is down. */
  readonly resumed: boolean;
  /** Offset up to which the viewer has every byte; undefined: it has none. */
  readonly from: number | undefined;
  readonly cols: number;
  readonly rows: number;
  /** How long the first attach waits for the machine, in ms. Later attaches wait `returningPatienceMs`. */
  readonly patienceMs: number;
}

/** The fields that differ between the attaches of one request. */
export interface AttachTry {
  readonly create: boolean;
  /** Offset up to which the viewer has every byte; undefined: it has none. */
  readonly from: number | undefined;
  readonly size: { readonly cols: number; readonly rows: number };
  /** Empty: no pass is sent. */
  readonly resumePass: string;
  /** The pass of a recorder. Empty: it is not one. */
  readonly recordPass: string;
  /** The sealed share of a guest. Empty: it is not one. */
  readonly sharePass: string;
}

/** The message that opens an attach at a hub. */
export const attachOpenOf = (
  request: AttachmentRequest,
  { create, from, size, resumePass, recordPass, sharePass }: AttachTry,
): AttachOpen => ({
  requestId: request.requestId,
  sid: request.sid,
  agentId: request.agentId,
  sessionId: request.sessionId,
  viewerId: request.viewerId,
  kind: request.sessionKind,
  role: roles[request.mode],
  create,
  from: from === undefined ? undefined : BigInt(from),
  cols: size.cols,
  rows: size.rows,
  ownerUserId: request.ownerUserId,
  grant: request.grant,
  resumePass,
  recordPass,
  sharePass,
  recording: create || request.mode === 'record' ? recordings[request.recording] : Recording.RECORDING_UNSPECIFIED,
  edge: request.edge,
  linuxUser: create ? (request.linuxUser ?? '') : '',
  target: request.target ?? '',
  clientIp: request.clientIp ?? '',
});
