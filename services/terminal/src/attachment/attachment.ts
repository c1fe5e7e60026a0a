import type { AgentFeature } from '@webxterm/contracts/capabilities';
import { isErrorCode } from '@webxterm/contracts/errors';
import {
  type DetachReason,
  decodeDown,
  encodeUp,
  FrameError,
  frameType,
  isIgnorable,
} from '@webxterm/contracts/frames';
import type { AttachOpen, EdgeKind } from '@webxterm/contracts/grpc';
import { plainText } from '@webxterm/contracts/text';
import { AppError, continueTrace, type Logger, type Span } from '@webxterm/shared';
import type { HubChannels } from '../hub-client/channels.ts';
import { HubStream } from '../hub-client/hub-stream.ts';
import type { HubLocation, Locator } from '../hub-client/locator.ts';
import { type AttachmentRequest, attachOpenOf } from './attach-open.ts';
import { waitBeforeTry } from './attach-timing.ts';
import { outputAfter } from './frame-peek.ts';

/** The types of frames that this service makes. A machine that sends one could replace the viewer's pass, or send it a false state. */
const ofService: ReadonlySet<number> = new Set([
  frameType.downHello,
  frameType.state,
  frameType.pass,
  frameType.recorded,
]);
/** Limit of characters in the refusal text of an agent. */
const maxRefusalText = 300;
/** Time limit for a hub to answer an attach. After it the attachment dials again. The hub waits up to 3 s of it for the agent. */
const answerWithinMs = 5000;

export interface AttachmentEvents {
  /** A frame from the machine, unchanged. The first is `accepted`, `refused` or `ended`. After a hub change comes another `accepted`. */
  frame(frame: Buffer): void;
  /** The machine cannot be reached. The next dial is in `retryInMs`. */
  waiting(retryInMs: number): void;
  /** `send` may be used again. */
  drained(): void;
  /** The last event, sent once. Undefined: the last frame contains the reason. */
  over(error: AppError | undefined): void;
}

export interface AttachmentContext {
  readonly channels: HubChannels;
  readonly locator: Locator;
  readonly sealPass: (request: AttachmentRequest) => string;
  readonly sealRecordPass: (request: AttachmentRequest) => string;
  /** Empty unless the request has a share. */
  readonly sealSharePass: (request: AttachmentRequest) => string;
  readonly measures: {
    opened(edge: EdgeKind): void;
    closed(edge: EdgeKind): void;
    unreachable(): void;
    reattached(outcome: string): void;
    lost(bytes: number): void;
  };
  readonly returningPatienceMs: number;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/** Opens an attachment. */
export type OpenAttachment = (request: AttachmentRequest, events: AttachmentEvents) => Attachment;

/**
 * The connection of one viewer to its session. It finds the hub that holds the machine's link, changes to another hub when the agent
 * dials one, and continues the output at the last offset. Frames sent while it is not attached are dropped, because the viewer repeats
 * unacknowledged input after the next `accepted`.
 */
export class Attachment {
  readonly request: AttachmentRequest;
  readonly #context: AttachmentContext;
  readonly #events: AttachmentEvents;
  readonly #stopFollowing: () => void;
  /** Until the first attach is accepted, or this ends. */
  readonly #span: Span | undefined;
  #size: { cols: number; rows: number };
  #from: number | undefined;
  #stream: HubStream | undefined;
  #location: HubLocation | undefined;
  #attached = false;
  /** Accepted at least once. After that, this attachment must not open a new shell. */
  #established = false;
  #paused = false;
  #over = false;
  #failures = 0;
  #giveUpAt: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: AttachmentContext, request: AttachmentRequest, events: AttachmentEvents) {
    this.#context = context;
    this.request = request;
    this.#events = events;
    this.#from = request.from;
    this.#size = { cols: request.cols, rows: request.rows };
    this.#giveUpAt = context.now() + request.patienceMs;
    const { traceparent, sessionKind } = request;
    const attributes = { 'webxterm.session_kind': sessionKind };
    this.#span = continueTrace(traceparent, { name: 'attach', role: 'client', attributes });
    context.measures.opened(request.edge);
    this.#stopFollowing = context.locator.onMove(request.agentId, () => this.#moved());
  }

  start(): void {
    void this.#dial();
  }

  get attached(): boolean {
    return this.#attached;
  }

  /** Sets the size for later attaches. */
  resized(size: { cols: number; rows: number }): void {
    this.#size = size;
  }

  /** Whether the machine is attached and has this capability. */
  machineHas(capability: AgentFeature): boolean {
    return this.#attached && this.#stream?.capabilities.includes(capability) === true;
  }

  /** The Linux user of the session that this attachment opened. Undefined: it opened none, or the hub is of an older version. */
  get linuxUser(): string | undefined {
    return this.#stream?.linuxUser;
  }

  /** Sends a frame to the machine, or drops it if not attached. @returns false if the caller should wait for `drained` */
  send(frame: Uint8Array): boolean {
    return !this.#attached || this.#stream === undefined || this.#stream.send(frame);
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream?.resume();
  }

  /** Leaves the session, which keeps running. No events follow. */
  detach(reason: DetachReason): void {
    if (this.#over) return;
    this.#stream?.send(encodeUp({ type: 'detach', reason }));
    this.#close();
  }

  async #dial(): Promise<void> {
    const { channels, locator } = this.#context;
    const { agentId } = this.request;
    const location = locator.find(agentId) ?? this.#location;
    if (location === undefined) return this.#absent();
    this.#location = location;
    const stream = new HubStream(channels, location.address, this.#attachOpen(), this.#span?.traceparent, {
      frame: (frame) => this.#receive(frame),
      drained: () => this.#events.drained(),
      ended: (end) => {
        this.#context.logger.debug({ ...end, hub: location.address, agent_id: agentId }, 'attach stream ended');
        this.#lost();
      },
    });
    this.#stream = stream;
    if (this.#paused) stream.pause();
    this.#after(answerWithinMs, () => this.#lost());
  }

  #attachOpen(): AttachOpen {
    const { request } = this;
    const { sealPass, sealRecordPass, sealSharePass } = this.#context;
    const records = request.mode === 'record';
    const mayBeKnown = this.#established || request.resumed;
    return attachOpenOf(request, {
      create: request.create && !this.#established,
      from: this.#from,
      size: this.#size,
      resumePass: !records && mayBeKnown ? sealPass(request) : '',
      recordPass: records ? sealRecordPass(request) : '',
      sharePass: sealSharePass(request),
    });
  }

  /** Agents are not trusted, so an invalid frame ends this attachment and nothing else. */
  #receive(frame: Buffer): void {
    try {
      this.#received(frame);
    } catch (error) {
      const { agentId } = this.request;
      this.#context.logger.warn({ err: error, agent_id: agentId }, 'machine sent an invalid frame');
      this.#finish(new AppError('unavailable', 'The machine sent invalid terminal data.'));
    }
  }

  #received(frame: Buffer): void {
    const type = frame[0];
    if (type !== undefined && ofService.has(type)) throw new FrameError(`frame type ${type} is from the service only`);
    // Checks the size of a frame that no later receiver decodes.
    if (type !== undefined && isIgnorable(type)) decodeDown(frame);
    if (type === frameType.refused && this.#mayRetry(frame)) {
      this.#lost();
      return;
    }
    if (type === frameType.gap) this.#countLost(frame);
    this.#from = outputAfter(frame) ?? this.#from;
    if (type === frameType.accepted) {
      if (this.#returning) this.#context.measures.reattached('accepted');
      clearTimeout(this.#timer);
      this.#attached = true;
      this.#established = true;
      this.#failures = 0;
      this.#span?.end();
      const { requestId, agentId, sessionKind: kind } = this.request;
      this.#context.logger.info({ request_id: requestId, agent_id: agentId, kind }, 'attached to a session');
    }
    this.#events.frame(frame);
    if (type === frameType.refused || type === frameType.ended) this.#finish(undefined);
  }

  /** Whether the viewer returns to a session in which it was before. */
  get #returning(): boolean {
    return this.#established || this.request.resumed;
  }

  #countLost(frame: Buffer): void {
    const gap = decodeDown(frame);
    if (gap.type === 'gap') this.#context.measures.lost(Math.max(0, gap.to - gap.from));
  }

  /** Whether to dial again after this refusal: only for returning viewers, and only if the machine or the hub is unavailable. */
  #mayRetry(frame: Buffer): boolean {
    if (!this.#returning) return false;
    const refused = decodeDown(frame);
    return refused.type === 'refused' && (refused.code === 'unavailable' || refused.code === 'machine_offline');
  }

  /** The stream ended or the hub did not answer: dials again, the first time at once. */
  #lost(): void {
    if (this.#over) return;
    if (this.#attached) this.#giveUpAt = this.#context.now() + this.#context.returningPatienceMs;
    this.#dropStream();
    this.#retry(new AppError('machine_offline'));
  }

  #retry(error: AppError): void {
    const wait = waitBeforeTry(this.#failures, this.#context.random);
    this.#failures += 1;
    if (this.#context.now() + wait > this.#giveUpAt) {
      void this.#giveUp(error);
      return;
    }
    if (this.#failures === 2) this.#context.measures.unreachable();
    if (this.#failures > 1) this.#events.waiting(wait);
    this.#after(wait, () => void this.#dial());
  }

  /** Presence has no hub for the machine. Finishes with the reason, or dials again for a returning viewer if that reason is temporary. */
  async #absent(): Promise<void> {
    const error = await this.#explainAbsence();
    if (this.#over || this.#stream !== undefined) return;
    const mayAppear = error.code === 'machine_offline' || error.code === 'unavailable';
    const returning = this.#established || !this.request.create;
    if (mayAppear && returning) this.#retry(error);
    else this.#finish(error);
  }

  /** A recorder is no caller, so that nothing is to be hidden from it. */
  async #explainAbsence(): Promise<AppError> {
    const { sid, agentId, requestId, mode } = this.request;
    if (mode === 'record') return new AppError('machine_offline');
    return this.#context.locator.explainAbsence(sid, agentId, requestId);
  }

  /** A caller without access must not learn that the machine exists, so without an earlier `accepted` the reason is asked for first. */
  async #giveUp(error: AppError): Promise<void> {
    const why = this.#established ? error : await this.#explainAbsence();
    if (this.#stream === undefined) this.#finish(why);
  }

  /** The agent has dialled a hub again. Dials that hub without waiting for the old stream to fail. */
  #moved(): void {
    const found = this.#context.locator.find(this.request.agentId);
    if (this.#over || found === undefined) return;
    if (this.#stream !== undefined && this.#location !== undefined && found.generation <= this.#location.generation)
      return;
    if (this.#attached) this.#giveUpAt = this.#context.now() + this.#context.returningPatienceMs;
    this.#dropStream();
    void this.#dial();
  }

  #dropStream(): void {
    this.#attached = false;
    clearTimeout(this.#timer);
    this.#stream?.leave();
    this.#stream = undefined;
    // Without a stream frames are dropped, so the viewer need not wait.
    this.#events.drained();
  }

  #after(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }

  #finish(error: AppError | undefined): void {
    if (this.#over) return;
    if (error !== undefined && this.#returning && !this.#attached) this.#context.measures.reattached(error.code);
    this.#span?.end({}, error?.code ?? 'refused');
    this.#close();
    this.#events.over(error);
  }

  #close(): void {
    this.#over = true;
    this.#span?.end({}, 'cancelled');
    this.#context.measures.closed(this.request.edge);
    this.#stopFollowing();
    this.#dropStream();
  }
}

/** The error of a `refused` frame. Its message may come from an agent, so it is sanitized. */
export const refusalOf = (code: string, message: string): AppError =>
  new AppError(isErrorCode(code) ? code : 'internal', plainText(message, maxRefusalText));
