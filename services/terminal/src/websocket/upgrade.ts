import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { encodeDown, maxClientMessage } from '@webxterm/contracts/frames';
import { ForwardQuery, SshQuery, TerminalQuery, terminalHeader } from '@webxterm/contracts/rest';
import {
  AppError,
  continueTrace,
  errorBody,
  errorHeaders,
  type GatewayFacts,
  GatewayGuard,
  inRequestScope,
  inSpan,
  type Logger,
  logFailure,
  type RatePerKey,
  type RequestScope,
  toAppError,
} from '@webxterm/shared';
import type { AllowList } from '@webxterm/shared/bus';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TerminalSlot } from '../attachment/open-terminal.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import { resolveForward, resolveSsh } from '../forwards/forward-request.ts';
import type { Forwards } from '../forwards/wiring.ts';
import type { Visits } from '../sharing/visits.ts';
import type { Admission, AdmissionControl } from '../tickets/admission.ts';
import { takeSlot } from '../tickets/take-slot.ts';
import { closeCodeFor, closeReason } from './close-codes.ts';
import type { Denials } from './denials.ts';
import { openJson, openRaw } from './raw.ts';
import { attachRaw, rawRequest } from './raw-attach.ts';
import { readQuery, readTarget, subprotocolOf, type UpgradeTarget } from './upgrade-request.ts';
import { V1Viewer } from './v1-viewer.ts';
import { closeSocket, type ViewerContext, type ViewerRequest } from './viewer-context.ts';
import { resolveViewerRequest, type SessionNaming } from './viewer-request.ts';

export interface UpgradeOptions extends SessionNaming {
  readonly context: ViewerContext;
  readonly gatewayKey: Buffer;
  readonly admissionControl: AdmissionControl;
  readonly allowList: Pick<AllowList, 'require'>;
  readonly denials: Denials;
  readonly visits: Pick<Visits, 'begin'>;
  readonly forwards: Forwards['forwards'];
  readonly logger: Logger;
}

/** An upgrade in progress, until the WebSocket is open or the request is refused. */
interface Pending {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly target: UpgradeTarget;
}

/** Handles the upgrades of `GET /api/terminal/:agent_id/ws`, `…/tcp` and `…/ssh`. A refused upgrade gets a status and a JSON body. */
export class Upgrades {
  readonly #options: UpgradeOptions;
  readonly #guard: GatewayGuard;
  readonly #headers = new WeakMap<IncomingMessage, Record<string, string>>();
  readonly #server = new WebSocketServer({
    noServer: true,
    // The limit of one message is also the limit of the bytes that a paused socket holds.
    maxPayload: maxClientMessage,
    // Compression costs 2 to 8 times the latency.
    perMessageDeflate: false,
    handleProtocols: (_protocols, request) => subprotocolOf(readTarget(request).protocol) ?? false,
  });

  constructor(options: UpgradeOptions) {
    this.#options = options;
    this.#guard = new GatewayGuard(options.gatewayKey, options.logger, options.context.now);
    this.#server.on('headers', (lines, request) => {
      for (const [name, value] of Object.entries(this.#headers.get(request) ?? {})) lines.push(`${name}: ${value}`);
    });
  }

  listen(server: Server): void {
    server.on('upgrade', (request, socket, head) => {
      // A reset during the upgrade must not crash the process.
      socket.on('error', () => {});
      void this.#upgrade(request, socket, head);
    });
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const facts = this.#guard.check(request);
    if (facts instanceof AppError) return this.#refuse(socket, facts, '');
    const attributes = { 'webxterm.request_id': facts.requestId };
    const span = continueTrace(facts.traceparent, { name: 'open', role: 'server', attributes });
    await inSpan(span, () => this.#open({ ...facts, traceparent: span?.traceparent }, request, socket, head));
    span?.end();
  }

  async #open(facts: GatewayFacts, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    let slot: TerminalSlot | undefined;
    let scope: RequestScope = { ...facts, userAgent: request.headers['user-agent'] ?? '', caller: undefined };
    let wanted = { agentId: '' };
    try {
      const target = readTarget(request);
      wanted = target;
      const admission = await this.#options.admissionControl.admit({ ...target, clientIp: facts.clientIp });
      scope = { ...scope, caller: admission };
      const pending = { request, socket, head, target };
      if (target.purpose !== 'terminal')
        return await this.#openConnection(pending, admission, scope, facts.traceparent);
      const entered = this.#enter(admission, this.#options.context.terminals);
      if (entered instanceof AppError) {
        if (target.protocol !== 'v1') throw entered;
        return this.#turnAway(pending, entered);
      }
      // Before the share is read, so that its end is not missed.
      const visit = this.#options.visits.begin(admission, entered, scope);
      slot = visit?.slot ?? entered;
      const context: ViewerContext =
        visit === undefined
          ? this.#options.context
          : {
              ...this.#options.context,
              attach: (viewer, events) => this.#options.context.attach(viewer, visit.watch(viewer, events)),
            };
      const { requestId, traceparent, clientIp } = facts;
      const arrive = async (): Promise<ViewerRequest> => {
        const arrival = {
          requestId,
          traceparent,
          clientIp,
          admission,
          agentId: target.agentId,
          query: readQuery(target.query, TerminalQuery),
        };
        return inRequestScope(scope, () => resolveViewerRequest(this.#options, arrival));
      };
      if (target.protocol === 'v1') await this.#openV1(pending, slot, scope, arrive, context);
      else await this.#openRaw(pending, slot, await arrive(), context);
    } catch (error) {
      slot?.leave();
      const known = toAppError(error);
      this.#options.denials.note(known, scope, wanted);
      this.#refuse(socket, known, facts.requestId);
    }
  }

  /** A forwarded TCP connection, or an ssh connection. It is always upgraded once the caller is signed in, like `webxterm.v1`. */
  async #openConnection(
    pending: Pending,
    admission: Admission,
    scope: RequestScope,
    traceparent: string | undefined,
  ): Promise<void> {
    const { target } = pending;
    const { forwards, denials } = this.#options;
    if (target.protocol !== 'v1')
      throw new AppError('invalid_input', `This connection needs the subprotocol ${subprotocolOf('v1')}.`);
    const entered = this.#enter(admission, forwards.slots, forwards.rate);
    if (entered instanceof AppError) return this.#turnAway(pending, entered);
    const audit = forwards.auditOf(scope, target.purpose === 'ssh' ? 'ssh' : 'forward');
    const slot = audit.slot(entered);
    const { requestId, clientIp } = scope;
    const arrival = { requestId, traceparent, clientIp, admission, agentId: target.agentId };
    const resolve = async (): Promise<ViewerRequest> =>
      target.purpose === 'ssh'
        ? resolveSsh(this.#options.policies, arrival, readQuery(target.query, SshQuery))
        : resolveForward(arrival, readQuery(target.query, ForwardQuery));
    const viewerRequest = await resolve().catch((error: unknown) => this.#logged(error));
    if (viewerRequest instanceof AppError) denials.note(viewerRequest, scope, target);
    this.#accept(pending, slot, (socket) => {
      socket.once('close', (code) => audit.closed(code));
      new V1Viewer(forwards.contextOf(audit), socket, viewerRequest, slot);
    });
  }

  #enter(
    admission: Admission,
    terminals: Pick<OpenTerminals, 'enter'>,
    rate?: Pick<RatePerKey, 'count'>,
  ): TerminalSlot | AppError {
    try {
      rate?.count(admission.userId);
      return takeSlot(terminals, this.#options.allowList, admission);
    } catch (error) {
      return toAppError(error);
    }
  }

  /** An authenticated v1 request is always upgraded, because a browser cannot read the response of a refused upgrade. */
  async #openV1(
    pending: Pending,
    slot: TerminalSlot,
    scope: RequestScope,
    arrive: () => Promise<ViewerRequest>,
    context: ViewerContext,
  ): Promise<void> {
    const { denials } = this.#options;
    const viewerRequest = await arrive().catch((error: unknown) => this.#logged(error));
    if (viewerRequest instanceof AppError) denials.note(viewerRequest, scope, pending.target);
    const watched: ViewerContext = {
      ...context,
      attach: (request, events) => context.attach(request, denials.watch(events, scope, { agentId: request.agentId })),
    };
    this.#accept(pending, slot, (socket) => new V1Viewer(watched, socket, viewerRequest, slot));
  }

  /** Refuses a v1 client without a slot: upgrades, sends the error, and closes the socket within 2 s. */
  #turnAway(pending: Pending, error: AppError): void {
    this.#accept(pending, undefined, (socket) => {
      socket.on('error', () => {});
      socket.send(encodeDown({ type: 'refused', code: error.code, message: error.message }));
      closeSocket(socket, closeCodeFor(error.code), closeReason(error.message));
    });
  }

  /** Upgrades only after the machine has accepted the attach. The response headers contain the ids and offset for a later attach. */
  async #openRaw(
    pending: Pending,
    slot: TerminalSlot,
    viewerRequest: ViewerRequest,
    context: ViewerContext,
  ): Promise<void> {
    const request = rawRequest(viewerRequest, pending.target.protocol === 'json');
    const viewerId = request.viewerId.toString('base64url');
    slot.attachAs(viewerRequest.sessionId, viewerId);
    const { attachment, accepted, follow } = await attachRaw(context.attach, pending.socket, slot, request);
    if (viewerRequest.mayCreate) context.ledger.opened(viewerRequest.sessionId, attachment.linuxUser);
    // Only the owner's viewer is recorded, because a resize over REST applies to it.
    const detached =
      viewerRequest.ownerUserId === viewerRequest.admission.userId
        ? context.ledger.attachedRaw(viewerRequest.sessionId, viewerId)
        : () => {};
    this.#headers.set(pending.request, {
      [terminalHeader.sessionId]: viewerRequest.sessionId,
      [terminalHeader.viewerId]: viewerId,
      [terminalHeader.streamOffset]: String(accepted.offset),
      ...(viewerRequest.recording === 'off' ? {} : { [terminalHeader.recorded]: viewerRequest.recording }),
    });
    const open = pending.target.protocol === 'json' ? openJson : openRaw;
    const opened = this.#accept(pending, slot, (socket) => {
      socket.once('close', detached);
      follow(open({ context, socket, slot, attachment, request, accepted }));
    });
    if (opened) return;
    detached();
    attachment.detach('broken');
  }

  #accept(
    { request, socket, head }: Pending,
    slot: TerminalSlot | undefined,
    open: (socket: WebSocket) => void,
  ): boolean {
    if (socket.destroyed) {
      slot?.leave();
      return false;
    }
    let opened = false;
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      opened = true;
      open(webSocket);
    });
    if (!opened) slot?.leave();
    return opened;
  }

  #logged(error: unknown): AppError {
    const known = toAppError(error);
    if (known.status >= 500) logFailure(this.#options.logger, known, {}, 'upgrade failed');
    return known;
  }

  #refuse(socket: Duplex, error: AppError, requestId: string): void {
    if (error.status >= 500) logFailure(this.#options.logger, error, { request_id: requestId }, 'upgrade failed');
    const body = JSON.stringify(errorBody(error, requestId));
    const headers = {
      ...errorHeaders(error),
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'x-request-id': requestId,
      connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
    socket.once('finish', () => socket.destroy());
  }
}
