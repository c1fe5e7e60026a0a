import { Metadata, status } from '@grpc/grpc-js';
import type { SigninEntry } from '@webxterm/contracts/bus';
import { AttachGrant, type AttachOpen, metadataKey, Recording, Role } from '@webxterm/contracts/grpc';
import { defaultKind, type KindRights, sshKind } from '@webxterm/contracts/session-kinds';
import { AppError, continueTrace, inSpan, type Logger, type Span, toAppError } from '@webxterm/shared';
import { hashSid, openRecordPass, openResumePass, openSharePass } from '@webxterm/shared/api';
import type { AllowList } from '@webxterm/shared/bus';
import type { TerminationDelivery } from '../access/termination-delivery.ts';
import { askForWork } from '../agent-links/agent-work.ts';
import type { Link } from '../agent-links/link.ts';
import type { LinkTable } from '../agent-links/link-table.ts';
import { personOf } from '../machines/access-rule.ts';
import type { Authorizer } from '../machines/authorize.ts';
import { chooseLinuxUser } from '../machines/linux-users.ts';
import { attachRight, isOwner } from './attach-right.ts';
import type { Attachment, AttachmentTable } from './attachment-table.ts';
import { requireKind, requireRecording } from './link-requirements.ts';
import { firstMessage, readOpen } from './open-request.ts';
import { openStream, type StreamFacts } from './open-stream.ts';
import type { Appointment, Rendezvous } from './rendezvous.ts';
import { endWithShare, personSharing, requireSharing } from './shared-session.ts';
import { failStream, type RawStream, refuseStream, type Splice, type SpliceEnd, splice } from './splice.ts';
import type { SshActivities } from './ssh-activities.ts';

/** Status details for the terminal service if this hub does not hold the link of the machine. It then tries another hub at once. */
export const notHere = 'NOT_HERE';

export interface AttachCallOptions {
  readonly allowList: Pick<AllowList, 'find' | 'findHashed' | 'require'>;
  readonly authorizer: Authorizer;
  readonly links: LinkTable;
  /** The kinds of session that this hub knows. */
  readonly kinds: KindRights;
  readonly terminations: Pick<TerminationDelivery, 'delivered'>;
  readonly table: AttachmentTable;
  readonly sshActivities: Pick<SshActivities, 'enter'>;
  readonly rendezvous: Rendezvous;
  /** Whether shells on the machine could read the secrets of this stack. A guest may watch one, and never type. */
  readonly hostsStack: (agentId: string) => Promise<boolean>;
  /** Verifies resume passes, record passes and share passes. */
  readonly passKey: Buffer;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Handles one attach call of the terminal service, from its `open` to its end. */
export class AttachCall {
  readonly #options: AttachCallOptions;
  readonly #viewer: RawStream;
  #splice: Splice | undefined;
  #ended: SpliceEnd | undefined;
  #appointment: Appointment | undefined;
  /** Until the streams are joined, or the attach is refused. */
  #span: Span | undefined;

  constructor(options: AttachCallOptions, viewer: RawStream) {
    this.#options = options;
    this.#viewer = viewer;
  }

  async run(): Promise<void> {
    const [traceparent] = this.#viewer.metadata.get(metadataKey.traceparent);
    this.#span = continueTrace(traceparent, { name: 'attach', role: 'server' });
    await inSpan(this.#span, () => this.#run());
    this.#span?.end({}, 'refused');
  }

  async #run(): Promise<void> {
    const { table } = this.#options;
    let leave = (): void => {};
    try {
      const message = await firstMessage(this.#viewer);
      if (message === undefined)
        return failStream(this.#viewer, status.DEADLINE_EXCEEDED, 'no open message was received');
      const open = readOpen(message);
      if (open.role === Role.ROLE_RECORD) {
        const recorder = this.#recorder(open);
        leave = table.addRecorder(open.agentId);
        await this.#join(open, recorder, async () => {
          await this.#deliverTerminations(open.agentId);
          return () => '';
        });
        return;
      }
      const attachment = this.#register(open, await this.#options.allowList.find(open.sid));
      const forget = endWithShare(attachment, this.#options.now());
      let known: (() => void) | undefined;
      leave = () => {
        forget();
        known?.();
        table.delete(attachment);
        const others = table.ofAgent(open.agentId).some(({ sessionId }) => sessionId.equals(open.sessionId));
        if (attachment.admitted && isOwner(attachment) && !others) table.left.add(open.kind, attachment);
      };
      await this.#join(open, attachment, async () => {
        await this.#checkAccess(open, attachment);
        if (isOwner(attachment)) table.left.back(attachment);
        // Not before: a machine could report anything about a user who was refused.
        if (open.kind === sshKind) known ??= this.#options.sshActivities.enter(attachment, open);
        return (link) => {
          if (!open.create) return '';
          attachment.linuxUser = chooseLinuxUser(open.linuxUser, attachment.linuxUsers, link);
          return attachment.linuxUser;
        };
      });
    } catch (error) {
      this.#fail(error);
    } finally {
      leave();
    }
  }

  /** A recorder of the terminal service, by its pass. @throws AppError unauthenticated if the pass is not for this attach */
  #recorder(open: AttachOpen): StreamFacts {
    const pass = openRecordPass(this.#options.passKey, open.recordPass, this.#options.now());
    if (pass.agent_id !== open.agentId || pass.session_id !== open.sessionId.toString('base64url'))
      throw new AppError('unauthenticated');
    return {
      userId: recorderUserId,
      ownerUserId: pass.owner_user_id,
      grant: AttachGrant.ATTACH_GRANT_RECORD,
      recording: open.recording,
      username: '',
      typesAlways: false,
      passedOn: [],
    };
  }

  /** Adds the attachment to the table before the access check, so that a concurrent revocation finds it there. */
  #register(open: AttachOpen, signin: SigninEntry): Attachment & StreamFacts {
    const { table, kinds } = this.#options;
    const shared = open.grant === AttachGrant.ATTACH_GRANT_SHARE;
    if (shared && signin.token !== undefined) throw new AppError('token_not_allowed');
    const share = shared ? openSharePass(this.#options.passKey, open.sharePass, this.#options.now()) : undefined;
    const right = attachRight(open, signin.user_id, kinds, share);
    const attachment: Attachment & StreamFacts = {
      ...right,
      username: signin.username,
      typesAlways: right.share?.types_always ?? false,
      grant: isOwner(right) ? AttachGrant.ATTACH_GRANT_UNSPECIFIED : open.grant,
      // The user who opens a session decides whether it is recorded.
      recording: open.create ? open.recording : Recording.RECORDING_UNSPECIFIED,
      sid: open.sid,
      sidHash: hashSid(open.sid),
      openedByToken: signin.token !== undefined && open.create,
      reachedByTag: (signin.token?.tags.length ?? 0) > 0,
      agentId: open.agentId,
      sessionId: open.sessionId,
      linuxUsers: null,
      held: right.rights,
      admitted: false,
      unchecked: false,
      end: (how) => this.#end(how),
      get passedOn() {
        return this.rights.length > 1 ? this.held : [];
      },
    };
    table.add(attachment);
    return attachment;
  }

  /** `check` returns what names the Linux user of a new session on a link, or nothing for an existing session. */
  async #join(open: AttachOpen, facts: StreamFacts, check: () => Promise<(link: Link) => string>): Promise<void> {
    const { links } = this.#options;
    if (links.find(open.agentId) === undefined) return failStream(this.#viewer, status.NOT_FOUND, notHere);
    const linuxUserOn = await check();
    const link = links.find(open.agentId);
    if (link === undefined) return failStream(this.#viewer, status.NOT_FOUND, notHere);
    requireKind(link, open, this.#options.kinds);
    requireRecording(link, open);
    requireSharing(link, facts);
    const linuxUser = linuxUserOn(link);
    const machine = await this.#call(link, { ...open, linuxUser }, facts);
    if (this.#ended !== undefined) {
      machine?.end();
      return this.#endViewer(this.#ended);
    }
    if (machine === undefined) {
      // The link closes also when the machine is removed. The caller then gets that reason, and does not try again.
      if (!this.#viewer.cancelled) await check();
      return failStream(this.#viewer, status.UNAVAILABLE, 'the machine did not answer in time');
    }
    const metadata = new Metadata();
    metadata.set(metadataKey.agentCapabilities, link.capabilities.join(','));
    if (linuxUser !== '') metadata.set(metadataKey.linuxUser, encodeURIComponent(linuxUser));
    this.#viewer.sendMetadata(metadata);
    this.#options.logger.info(
      {
        request_id: open.requestId.slice(0, 128),
        agent_id: open.agentId,
        session: open.sessionId.toString('base64url'),
        kind: open.kind,
      },
      'a viewer was attached',
    );
    this.#span?.end({ 'webxterm.request_id': open.requestId.slice(0, 128), 'webxterm.session_kind': open.kind });
    this.#splice = splice(this.#viewer, machine, () => link.messageReceived());
    const forget = link.onClose(() =>
      this.#end({ kind: 'redial', details: 'the link of the machine to this hub has closed', detach: undefined }),
    );
    await this.#splice.ended;
    forget();
  }

  /** @throws AppError if the caller lacks the right that the attachment needs */
  async #checkAccess(open: AttachOpen, attachment: Attachment): Promise<void> {
    const { allowList, authorizer } = this.#options;
    const signin = allowList.require(open.sid);
    try {
      const { share } = attachment;
      const person = share === undefined ? personOf(signin) : await personSharing(share, allowList);
      const access = await authorizer.use(person, open.agentId);
      attachment.linuxUsers = access.linuxUsers;
      attachment.held = attachment.held.filter((right) => access.rights.includes(right));
      if (attachment.held.length === 0)
        // A caller without the right to watch must not learn that the session of another user exists.
        throw new AppError(isOwner(attachment) ? 'view_only' : 'session_not_found');
      if (share !== undefined && open.role === Role.ROLE_CONTROL && (await this.#options.hostsStack(open.agentId)))
        throw new AppError('machine_hosts_stack');
      await this.#deliverTerminations(open.agentId);
      attachment.admitted = true;
    } catch (error) {
      const known = toAppError(error);
      // A guest must not learn why the owner lost the machine.
      if (attachment.share !== undefined && known.status === 404) throw new AppError('share_not_found');
      if (known.code !== 'unavailable' || !isOwner(attachment) || !this.#hasPass(open, signin.user_id)) throw known;
      // The pass does not say which of several rights the caller has.
      if (attachment.rights.length > 1) throw known;
      attachment.unchecked = true;
      attachment.admitted = true;
    }
  }

  /** The agent must get pending terminations before any attach. */
  async #deliverTerminations(agentId: string): Promise<void> {
    const { links, terminations } = this.#options;
    let link = links.find(agentId);
    while (link !== undefined) {
      await terminations.delivered(link);
      const current = links.find(agentId);
      // The agent dialled again meanwhile, so its new link must get the pending terminations as well.
      link = current === link ? undefined : current;
    }
  }

  /** Whether the resume pass is valid. While the database is down, it and the allow-list admit the owner's re-attach. */
  #hasPass(open: AttachOpen, userId: string): boolean {
    if (open.create || open.resumePass === '') return false;
    try {
      const pass = openResumePass(this.#options.passKey, open.resumePass, this.#options.now());
      return (
        pass.user_id === userId &&
        pass.sid === open.sid &&
        pass.agent_id === open.agentId &&
        pass.session_id === open.sessionId.toString('base64url') &&
        (pass.kind ?? defaultKind) === open.kind &&
        (open.role === Role.ROLE_VIEW || pass.mode === 'control')
      );
    } catch {
      return false;
    }
  }

  /** Requests the agent's stream. Undefined: it did not arrive in time, or the attach ended first. */
  async #call(link: Link, open: AttachOpen, facts: StreamFacts): Promise<RawStream | undefined> {
    if (this.#ended !== undefined || this.#viewer.cancelled) return undefined;
    const appointment = this.#options.rendezvous.expect(link.id);
    this.#appointment = appointment;
    const cancel = (): void => appointment.cancel();
    this.#viewer.on('cancelled', cancel);
    const forget = link.onClose(cancel);
    const traceparent = askForWork(link, 'open session');
    link.send({ $case: 'openStream', value: openStream(open, appointment, facts, traceparent) });
    const machine = await appointment.arrived;
    this.#viewer.off('cancelled', cancel);
    forget();
    return machine;
  }

  #end(how: SpliceEnd): void {
    if (this.#splice !== undefined) {
      this.#splice.end(how);
      return;
    }
    this.#ended ??= how;
    this.#appointment?.cancel();
  }

  #endViewer(how: SpliceEnd): void {
    if (how.kind === 'refuse') refuseStream(this.#viewer, how.code, how.message);
    else failStream(this.#viewer, status.UNAVAILABLE, how.details);
  }

  #fail(error: unknown): void {
    const known = toAppError(error);
    this.#span?.end({}, known.code);
    if (known.code === 'internal') this.#options.logger.error({ err: error }, 'attach failed');
    refuseStream(this.#viewer, known.code, known.message);
  }
}

/** The user id of recorders. No user has it. */
const recorderUserId = 'recorder';
