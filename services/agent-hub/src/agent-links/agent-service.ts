import { type ServiceDefinition, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  maxTitlesPerEvent,
  type SessionEndedEvent,
  type SessionTitlesEvent,
  sessionEndedSubject,
  sessionTitlesSubject,
} from '@webxterm/contracts/bus';
import {
  type AgentMessage,
  AgentServiceService,
  type Hello,
  rawAgentAttach,
  type SessionEnded,
  type SessionTitles,
  type UpdateReport,
} from '@webxterm/contracts/grpc';
import type { Logger } from '@webxterm/shared';
import { sealMessage, type TextSigner } from '@webxterm/shared/bus';
import type { TerminationDelivery } from '../access/termination-delivery.ts';
import type { RawStream } from '../attachments/splice.ts';
import type { SshActivities } from '../attachments/ssh-activities.ts';
import type { Commands } from '../commands/commands.ts';
import type { GuardedPort } from '../grpc-server/guarded-port.ts';
import type { Activity } from '../machines/activity.ts';
import type { AgentReports, ReportedFacts } from '../machines/agent-reports.ts';
import type { Presence } from '../presence/presence.ts';
import type { RunDispatch } from '../runs/run-dispatch.ts';
import type { SessionLimits } from '../session-limits/session-limits.ts';
import type { Orders } from '../updates/orders.ts';
import { readEnd, readFacts, readTitle } from './agent-claims.ts';
import { workDone } from './agent-work.ts';
import type { Greeter } from './greeting.ts';
import { LatestReport } from './latest-report.ts';
import type { ControlStream, Link } from './link.ts';
import type { LinkTable } from './link-table.ts';
import { LinkRefusal } from './refusal.ts';
import type { Registered } from './registrar.ts';
import type { SessionLists } from './session-lists.ts';

export interface AgentServiceOptions {
  readonly greeter: Greeter;
  readonly port: Pick<GuardedPort, 'prove' | 'close'>;
  readonly table: LinkTable;
  readonly presence: Presence;
  readonly activity: Activity;
  readonly reports: AgentReports;
  readonly sessionLists: SessionLists;
  readonly terminations: Pick<TerminationDelivery, 'follow'>;
  readonly commands: Pick<Commands, 'receive'>;
  readonly runs: { readonly dispatch: Pick<RunDispatch, 'started' | 'ended'> };
  readonly orders: Pick<Orders, 'hello' | 'report'>;
  readonly sessionLimits: Pick<SessionLimits, 'follow'>;
  readonly sshActivities: Pick<SshActivities, 'receive'>;
  readonly bus: NatsConnection;
  /** Signs messages to the terminal service. */
  readonly toTerminals: TextSigner;
  readonly logger: Logger;
  readonly now: () => number;
  readonly takeStream: (stream: RawStream) => void;
}

/** The gRPC service that agents dial. Attach messages stay undecoded. */
export const agentServiceDefinition: ServiceDefinition = { ...AgentServiceService, attach: rawAgentAttach };

/** Serves the control streams of agents. */
export class AgentService {
  readonly #options: AgentServiceOptions;
  #ending = false;
  readonly #changedFacts = new LatestReport<Link, ReportedFacts>(
    (_before, facts) => facts,
    (link, facts) => {
      if (link.isOpen) void this.#report(link, { facts });
    },
  );
  readonly #titles = new LatestReport<Link, readonly Title[]>(mergeTitles, ({ identity }, titles) => {
    if (titles.length === 0) return;
    const event: SessionTitlesEvent = { agent_id: identity.agentId, titles: [...titles] };
    this.#tellTerminals(sessionTitlesSubject(identity.agentId), event);
  });
  // An agent that installed a version reports it and ends its link, so the link may be closed by then.
  readonly #updateReports = new LatestReport<Link, UpdateReport>(
    (_before, report) => report,
    ({ identity }, report) => this.#updateReported(identity.agentId, report),
  );

  constructor(options: AgentServiceOptions) {
    this.#options = options;
  }

  implementation(): UntypedServiceImplementation {
    return { stream: (stream: ControlStream) => void this.#serve(stream), attach: this.#options.takeStream };
  }

  /** Makes every agent dial again, so that it reaches another hub. Agents without sessions spread their dials over `jitterMs`. */
  redialAll(jitterMs: number): void {
    this.#ending = true;
    this.#options.greeter.end();
    for (const link of this.#options.table.all()) {
      link.send({ $case: 'redial', value: { jitterMs } });
      link.close();
    }
  }

  async #serve(stream: ControlStream): Promise<void> {
    const { greeter, port } = this.#options;
    const peer = stream.getPeer();
    const greeted = await greeter.greet(stream);
    if (greeted === undefined) {
      if (!stream.writableEnded) stream.end();
      stream.resume();
      port.close(peer);
      return;
    }
    const { link, registered, hello } = greeted;
    port.prove(peer);
    link.onClose(() => port.close(peer));
    this.#announce(link);
    stream.on('data', (message: AgentMessage) => this.#receive(link, message));
    stream.resume();
    await this.#report(link, registered);
    await this.#tellUpdates(link, hello);
  }

  #announce(link: Link): void {
    const { presence, activity, table, logger, terminations, sessionLimits } = this.#options;
    const { agentId, generation } = link.identity;
    logger.info({ agent_id: agentId, generation: String(generation) }, 'agent linked');
    presence.follow(link);
    terminations.follow(link);
    sessionLimits.follow(link);
    activity.status(agentId, 'online');
    link.onClose(() => {
      logger.info({ agent_id: agentId, generation: String(generation) }, 'agent link ended');
      if (!this.#ending && table.find(agentId) === undefined) activity.status(agentId, 'offline');
    });
  }

  /** Stores the reported facts. Refuses the link if the machine was removed or its key was replaced. */
  async #report(link: Link, { facts }: Pick<Registered, 'facts'>): Promise<void> {
    const { reports, logger, now } = this.#options;
    const { agentId, publicKey } = link.identity;
    try {
      const reported = await reports.report(agentId, publicKey, facts, new Date(now()));
      if (reported === 'removed') link.refuse(new LinkRefusal('machine_revoked', true));
      // A hub that started after the loss of the stream EVENTS does not know the replaced keys, and has welcomed a link pass of one.
      if (reported === 'key_replaced') link.refuse(new LinkRefusal('bad_credential', true));
    } catch (error) {
      logger.warn({ err: error, agent_id: agentId }, 'machine facts could not be saved');
    }
  }

  async #tellUpdates(link: Link, hello: Hello): Promise<void> {
    const { orders, logger } = this.#options;
    const { agentId, agentVersion } = link.identity;
    const update = link.capabilities.includes('update') ? hello.update : undefined;
    const partOfImage = hello.packaging === 'image';
    await orders.hello(agentId, agentVersion, update, { partOfImage }).catch((error: unknown) => {
      logger.warn({ err: error, agent_id: agentId }, 'the update state of an agent could not be saved');
    });
  }

  #receive(link: Link, { message }: AgentMessage): void {
    link.messageReceived();
    if (!link.takeMessageBudget()) {
      link.close({ code: status.RESOURCE_EXHAUSTED, details: 'too many control messages' });
      return;
    }
    switch (message?.$case) {
      case 'ping':
        link.send({ $case: 'pong', value: { nonce: message.value.nonce } });
        break;
      case 'stats':
        this.#options.activity.stats(link.identity.agentId, message.value);
        break;
      case 'sessions':
        this.#options.sessionLists.receive(link, message.value);
        break;
      case 'pong':
        link.ponged(message.value.nonce);
        break;
      case 'commandOutput':
        if (!this.#options.commands.receive(link, message.value))
          this.#options.runs.dispatch.ended(link, message.value);
        break;
      case 'commandStarted':
        this.#options.runs.dispatch.started(link, message.value);
        break;
      case 'sessionEnded':
        this.#sessionEnded(link.identity.agentId, message.value);
        break;
      case 'changedFacts':
        this.#changedFacts.add(link, readFacts(message.value, link.identity.address));
        break;
      case 'sessionTitles':
        this.#titles.add(link, readTitles(message.value));
        break;
      case 'sshActivity':
        this.#options.sshActivities.receive(link.identity, message.value);
        break;
      case 'updateReport':
        this.#updateReports.add(link, message.value);
        break;
      case 'workDone':
        workDone(link, message.value);
        break;
      case 'hello':
        link.close({ code: status.FAILED_PRECONDITION, details: 'only the first message may be a hello' });
        break;
      default:
      // Unknown messages come from newer agents and are ignored.
    }
  }

  #updateReported(agentId: string, report: UpdateReport): void {
    const { orders, logger } = this.#options;
    orders.report(agentId, report).catch((error: unknown) => {
      logger.warn({ err: error, agent_id: agentId }, 'the state of an agent update could not be saved');
    });
  }

  #sessionEnded(agentId: string, ended: SessionEnded): void {
    if (ended.sessionId.length !== 16) return;
    const event: (typeof SessionEndedEvent)['_output'] = {
      agent_id: agentId,
      session_id: ended.sessionId.toString('base64url'),
      ...readEnd(ended),
    };
    this.#tellTerminals(sessionEndedSubject(agentId), event);
  }

  #tellTerminals(subject: string, event: object): void {
    const { bus, logger, toTerminals, now } = this.#options;
    const payload = JSON.stringify(event);
    try {
      bus.publish(subject, payload, { headers: sealMessage(toTerminals, subject, payload, now()) });
    } catch (error) {
      logger.warn({ err: error, subject }, 'changes of sessions could not be published');
    }
  }
}

type Title = SessionTitlesEvent['titles'][number];

/** Titles of sessions that are well-formed. An agent never reports more than one event may have, so a longer list is dropped. */
const readTitles = ({ titles }: SessionTitles): readonly Title[] =>
  titles.length > maxTitlesPerEvent ? [] : titles.filter(({ sessionId }) => sessionId.length === 16).map(readTitle);

/** The latest title of each session, of as many as an event may have. An agent reports every 2 s, so nothing is left out. */
const mergeTitles = (before: readonly Title[] | undefined, titles: readonly Title[]): readonly Title[] =>
  [...new Map([...(before ?? []), ...titles].map((title) => [title.session_id, title])).values()].slice(
    -maxTitlesPerEvent,
  );
