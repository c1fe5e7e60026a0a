import { isErrorCode } from '@webxterm/contracts/errors';
import { type DetachReason, decodeDown, encodeUp, frameType } from '@webxterm/contracts/frames';
import { type AttachGrant, type AttachOpen, type EdgeKind, Role } from '@webxterm/contracts/grpc';
import { plainText } from '@webxterm/contracts/text';
import { AppError, type Logger } from '@webxterm/shared';
import type { HubChannels } from '../hub-client/channels.ts';
import { HubStream } from '../hub-client/hub-stream.ts';
import type { HubLocation, Locator } from '../hub-client/locator.ts';
import { waitBeforeTry } from './attach-timing.ts';
import { outputAfter } from './frame-peek.ts';

/** Of what a machine says when it refuses. */
const maxRefusalText = 300;
/** A hub that says nothing to an attach for so long is looked for elsewhere: the agent has 3 s of it. */
const answerWithinMs = 5000;

export interface AttachmentRequest {
  readonly requestId: string;
  readonly sid: string;
  /** Who attaches. */
  readonly userId: string;
  /** The owner of the session. */
  readonly ownerUserId: string;
  /** What lets another user than the owner attach. */
  readonly grant: AttachGrant;
  readonly agentId: string;
  /** 16 bytes each. */
  readonly sessionId: Buffer;
  readonly viewerId: Buffer;
  readonly mode: 'control' | 'view';
  readonly edge: EdgeKind;
  /** May open the shell; only until it was answered. */
  readonly create: boolean;
  /** Admitted by a resume pass: the hub may go by one while its database is away. */
  readonly resumed: boolean;
  /** The viewer has every byte before this; undefined: it has nothing. */
  readonly from: number | undefined;
  readonly cols: number;
  readonly rows: number;
  /** How long the machine is waited for at first, ms; once attached it is 2 minutes. */
  readonly patienceMs: number;
}

export interface AttachmentEvents {
  /** A frame from the machine, unchanged. The first is `accepted`, `refused` or `ended`; `accepted` comes again after a hub change. */
  frame(frame: Buffer): void;
  /** The machine cannot be reached for now; the next try is in `retryInMs`. */
  waiting(retryInMs: number): void;
  /** `send` may be used again. */
  drained(): void;
  /** Once, and the last event. Undefined: the last frame said why. */
  over(error: AppError | undefined): void;
}

export interface AttachmentContext {
  readonly channels: HubChannels;
  readonly locator: Locator;
  readonly sealPass: (request: AttachmentRequest) => string;
  readonly measures: {
    opened(edge: EdgeKind): void;
    closed(edge: EdgeKind): void;
    unreachable(): void;
  };
  readonly returningPatienceMs: number;
  readonly logger: Logger;
  readonly now: () => number;
  readonly random: () => number;
}

/**
 * One viewer's way to its session, over as many hubs as it takes: finds the machine's hub, follows it when the agent dials
 * another one, and goes on in the output where the last one stopped. What is sent while there is no way is dropped: after the
 * next `accepted` the viewer repeats what counts.
 */
export class Attachment {
  readonly request: AttachmentRequest;
  readonly #context: AttachmentContext;
  readonly #events: AttachmentEvents;
  readonly #stopFollowing: () => void;
  #size: { cols: number; rows: number };
  #from: number | undefined;
  #stream: HubStream | undefined;
  #location: HubLocation | undefined;
  #attached = false;
  /** Accepted at least once: from now on nothing may open a shell under this id. */
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
    context.measures.opened(request.edge);
    this.#stopFollowing = context.locator.onMove(request.agentId, () => this.#moved());
  }

  start(): void {
    void this.#dial();
  }

  get attached(): boolean {
    return this.#attached;
  }

  /** The size to attach with from now on. */
  resized(size: { cols: number; rows: number }): void {
    this.#size = size;
  }

  /** Sends a frame to the machine, or drops it while there is no way. @returns false when more should wait for `drained` */
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

  /** Leaves the session; it lives on. No event comes any more. */
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
    const stream = new HubStream(channels, location.address, this.#open(), {
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

  #open(): AttachOpen {
    const { request } = this;
    const create = request.create && !this.#established;
    return {
      requestId: request.requestId,
      sid: request.sid,
      agentId: request.agentId,
      sessionId: request.sessionId,
      viewerId: request.viewerId,
      kind: 'pty',
      role: request.mode === 'view' ? Role.ROLE_VIEW : Role.ROLE_CONTROL,
      create,
      from: this.#from === undefined ? undefined : BigInt(this.#from),
      cols: this.#size.cols,
      rows: this.#size.rows,
      ownerUserId: request.ownerUserId,
      grant: request.grant,
      resumePass: this.#established || request.resumed ? this.#context.sealPass(request) : '',
      edge: request.edge,
    };
  }

  /** Anybody may bring a machine: what it sends can be nonsense, and then ends this attachment and nothing else. */
  #receive(frame: Buffer): void {
    try {
      this.#received(frame);
    } catch (error) {
      const { agentId } = this.request;
      this.#context.logger.warn({ err: error, agent_id: agentId }, 'a machine sent what cannot be read');
      this.#finish(new AppError('unavailable', 'The machine sent what is no terminal output.'));
    }
  }

  #received(frame: Buffer): void {
    const type = frame[0];
    if (type === frameType.refused && this.#mayRetry(frame)) {
      this.#lost();
      return;
    }
    this.#from = outputAfter(frame) ?? this.#from;
    if (type === frameType.accepted) {
      clearTimeout(this.#timer);
      this.#attached = true;
      this.#established = true;
      this.#failures = 0;
    }
    this.#events.frame(frame);
    if (type === frameType.refused || type === frameType.ended) this.#finish(undefined);
  }

  /** Who was attached, or is to come back, waits for what is away for a while. */
  #mayRetry(frame: Buffer): boolean {
    if (!this.#established && !this.request.resumed) return false;
    const refused = decodeDown(frame);
    return refused.type === 'refused' && (refused.code === 'unavailable' || refused.code === 'machine_offline');
  }

  /** The way is gone: look again, at once the first time. */
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

  /** Nobody knows a hub that holds the machine. Who may not even know the machine hears that at once. */
  async #absent(): Promise<void> {
    const { sid, agentId, requestId } = this.request;
    const error = await this.#context.locator.explainAbsence(sid, agentId, requestId);
    if (this.#over || this.#stream !== undefined) return;
    const mayAppear = error.code === 'machine_offline' || error.code === 'unavailable';
    const returning = this.#established || !this.request.create;
    if (mayAppear && returning) this.#retry(error);
    else this.#finish(error);
  }

  /** Who was never let in may not know the machine at all, and then does not hear that it is offline. */
  async #giveUp(error: AppError): Promise<void> {
    const { sid, agentId, requestId } = this.request;
    const why = this.#established ? error : await this.#context.locator.explainAbsence(sid, agentId, requestId);
    if (this.#stream === undefined) this.#finish(why);
  }

  /** The agent dialled a hub anew: go there without waiting for the old way to break. */
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
    // Nothing waits for a stream that is gone.
    this.#events.drained();
  }

  #after(ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }

  #finish(error: AppError | undefined): void {
    if (this.#over) return;
    this.#close();
    this.#events.over(error);
  }

  #close(): void {
    this.#over = true;
    this.#context.measures.closed(this.request.edge);
    this.#stopFollowing();
    this.#dropStream();
  }
}

/** The error that a `refused` frame tells. Its words may be a machine's own. */
export const refusalOf = (code: string, message: string): AppError =>
  new AppError(isErrorCode(code) ? code : 'internal', plainText(message, maxRefusalText));
