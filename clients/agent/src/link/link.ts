import { type EndCause, endCausesOfHub } from '@webxterm/contracts/frames';
import type { Command, EndSession, MachineFacts, Refused, ServerMessage, Welcome } from '@webxterm/contracts/grpc';
import type { Logger } from 'pino';
import { serveAttachment } from '../attachment/serve.ts';
import type { Commands } from '../commands/commands.ts';
import type { KeptCommands } from '../commands/kept-commands.ts';
import type { Session } from '../session/session.ts';
import { endOf } from '../session/session-messages.ts';
import type { Sessions } from '../session/sessions.ts';
import type { SshActivities } from '../ssh/activities.ts';
import type { StatsReader } from '../stats/resource-stats.ts';
import type { Updater } from '../update/updater.ts';
import type { HubConnection } from './hub-connection.ts';
import { Liveness } from './liveness.ts';
import { TitleChanges } from './title-changes.ts';

export type LinkEnd =
  | { kind: 'lost'; reason: string }
  /** The hub asks for a new dial within `jitterMs`. */
  | { kind: 'redial'; jitterMs: number }
  | { kind: 'refused'; refused: Refused };

export type LinkOptions = {
  connection: HubConnection;
  welcome: Welcome;
  sessions: Sessions;
  stats: StatsReader;
  commands: Pick<Commands, 'run'>;
  kept: Pick<KeptCommands, 'follow' | 'order' | 'cancel' | 'endOwned' | 'stored'>;
  activities: Pick<SshActivities, 'follow' | 'attached'>;
  /** Undefined: this agent cannot update itself. */
  updater: Pick<Updater, 'order' | 'follow'> | undefined;
  log: Logger;
  now(): number;
};

/** Limit of streams per link. Further requests of the hub are ignored. */
const maxStreams = 512;
const defaultPingMs = 2000;
const defaultDeadMs = 4000;
const minStatsMs = 1000;
/** The largest uint32, over an hour. */
const maxDurationUs = 2 ** 32 - 1;
/** Changed titles are reported this often. */
const titlesEveryMs = 2000;

const endCause = (cause: string): EndCause => endCausesOfHub.find((known) => known === cause) ?? 'ended_by_user';

/** An established link to a hub, from its welcome to its end. */
export class Link {
  readonly #options: LinkOptions;
  readonly #liveness: Liveness;
  readonly #end = Promise.withResolvers<LinkEnd>();
  #pingNonce = 0n;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { pingIntervalMs, deadAfterMs } = options.welcome;
    this.#liveness = new Liveness(pingIntervalMs || defaultPingMs, deadAfterMs || defaultDeadMs, options.now());
  }

  /** Serves the hub until the link ends, then closes all of the link and resolves. Sessions continue. */
  async run(): Promise<LinkEnd> {
    const { connection, sessions, welcome, kept } = this.#options;
    // A hub of an older version does not know the reports.
    const updater = welcome.capabilities.includes('update') ? this.#options.updater : undefined;
    connection.send({ $case: 'sessions', value: { sessions: sessions.list() } });
    for (const ended of sessions.listEnded()) connection.send({ $case: 'sessionEnded', value: ended });
    updater?.follow((value) => connection.send({ $case: 'updateReport', value }));
    if (welcome.capabilities.includes('kept_commands')) kept.follow((message) => connection.send(message));
    this.#options.activities.follow((value) => connection.send({ $case: 'sshActivity', value }));
    connection.onMessage((message) => this.#receive(message));
    void connection.closed.then((reason) => this.#end.resolve({ kind: 'lost', reason }));
    const checks = setInterval(() => this.#check(), this.#liveness.checkEveryMs);
    const stats =
      welcome.statsIntervalMs === 0
        ? undefined
        : setInterval(() => void this.#sendStats(), Math.max(minStatsMs, welcome.statsIntervalMs));
    void this.#sendStats();
    const titles = welcome.capabilities.includes('session_titles') ? this.#sendTitles() : undefined;
    try {
      return await this.#end.promise;
    } finally {
      clearInterval(checks);
      clearInterval(stats);
      clearInterval(titles);
      updater?.follow(undefined);
      kept.follow(undefined);
      this.#options.activities.follow(undefined);
      connection.close();
    }
  }

  /**
   * Reports facts about the machine that have changed since the hello. To a hub of an earlier version they are sent in the hello of a new
   * dial, and sessions and their viewers move to the new link.
   */
  tellFacts(facts: MachineFacts): void {
    const { connection, welcome } = this.#options;
    if (welcome.capabilities.includes('changed_facts')) connection.send({ $case: 'changedFacts', value: facts });
    else this.#end.resolve({ kind: 'redial', jitterMs: 0 });
  }

  /** Ends the link from the agent's side. */
  close(): void {
    this.#end.resolve({ kind: 'lost', reason: 'the agent stops' });
  }

  sendEnded(session: Session): void {
    const value = endOf(session);
    if (value !== undefined) this.#options.connection.send({ $case: 'sessionEnded', value });
  }

  /** Reports the titles of all sessions, and then those that have changed. */
  #sendTitles(): NodeJS.Timeout {
    const { connection, sessions } = this.#options;
    const changes = new TitleChanges();
    const send = (): void => {
      const titles = changes.changed(sessions.titles());
      if (titles.length > 0) connection.send({ $case: 'sessionTitles', value: { titles } });
    };
    send();
    return setInterval(send, titlesEveryMs);
  }

  /** Reports an unknown session as ended. Otherwise its record would stay active. */
  #sendUnknown(sessionId: Buffer): void {
    const { connection, sessions } = this.#options;
    if (sessionId.length === 0 || sessions.knows(sessionId)) return;
    connection.send({
      $case: 'sessionEnded',
      value: { sessionId, cause: 'unknown', exitCode: undefined, signal: undefined, finalOffset: 0n },
    });
  }

  #received(): void {
    this.#liveness.received(this.#options.now());
  }

  #check(): void {
    const verdict = this.#liveness.check(this.#options.now());
    if (verdict === 'dead') this.#end.resolve({ kind: 'lost', reason: 'the hub is silent' });
    if (verdict === 'ping') {
      this.#pingNonce += 1n;
      this.#options.connection.send({ $case: 'ping', value: { nonce: this.#pingNonce } });
    }
  }

  #receive({ message }: ServerMessage): void {
    this.#received();
    const { connection, sessions, welcome, log } = this.#options;
    switch (message?.$case) {
      case 'ping':
        connection.send({ $case: 'pong', value: { nonce: message.value.nonce } });
        return;
      case 'openStream': {
        if (connection.attachCount >= maxStreams) {
          log.warn({ streams: maxStreams }, 'the hub asks for more streams than a link may have');
          return;
        }
        const olderRelays = !welcome.capabilities.includes('later_end_causes');
        const link = { id: welcome.linkId, connection, received: () => this.#received(), olderRelays };
        // The hub has registered the attachment before it asked for the stream.
        if (message.value.kind === 'ssh') this.#options.activities.attached(message.value.sessionId);
        const done = this.#workDone(message.value);
        serveAttachment(message.value, link, sessions)
          .catch((err: unknown) => log.error({ err }, 'an attachment could not be served'))
          .finally(done);
        return;
      }
      case 'endSession':
        this.#endSessions(message.value);
        this.#sendUnknown(message.value.sessionId);
        return;
      case 'resizeSession': {
        const { sessionId, viewerId, userId, cols, rows } = message.value;
        sessions.resize(sessionId, viewerId, userId, { cols, rows });
        return;
      }
      case 'sessionLimits':
        sessions.limitIdle(message.value.idleSeconds === 0 ? undefined : message.value.idleSeconds * 1000);
        return;
      case 'redial':
        this.#end.resolve({ kind: 'redial', jitterMs: message.value.jitterMs });
        return;
      case 'refused':
        this.#end.resolve({ kind: 'refused', refused: message.value });
        return;
      case 'updateOrder':
        this.#options.updater?.order(message.value);
        return;
      case 'command':
        if (message.value.kept !== undefined) this.#options.kept.order(message.value);
        else void this.#command(message.value);
        return;
      case 'cancelCommand':
        this.#options.kept.cancel(message.value.commandId);
        return;
      case 'commandStored':
        this.#options.kept.stored(message.value.commandId);
        return;
      default:
        // Challenge, welcome and pong need no answer. An unknown message comes from a newer hub.
        return;
    }
  }

  /** Ends one session, or all sessions and commands of a user: the right to run commands ends with the right to open terminals. */
  #endSessions({ sessionId, ownerUserId, cause }: EndSession): void {
    const { sessions, kept } = this.#options;
    if (sessionId.length > 0) sessions.end(sessionId, endCause(cause), ownerUserId);
    else if (ownerUserId !== '') {
      sessions.endOwned(ownerUserId, endCause(cause));
      void kept.endOwned(ownerUserId);
    }
  }

  async #command(command: Command): Promise<void> {
    const { connection, commands } = this.#options;
    const done = this.#workDone(command);
    const value = await commands.run(command);
    done();
    connection.send({ $case: 'commandOutput', value });
  }

  /** Reports how long the agent worked on a traced message, once it is done. */
  #workDone({ traceparent }: Pick<Command, 'traceparent'>): () => void {
    if (traceparent === undefined) return () => {};
    const { connection, now } = this.#options;
    const startedAt = now();
    return () => {
      const durationUs = Math.min(maxDurationUs, Math.round((now() - startedAt) * 1000));
      connection.send({ $case: 'workDone', value: { traceparent, durationUs } });
    };
  }

  async #sendStats(): Promise<void> {
    const { connection, stats, log } = this.#options;
    try {
      connection.send({ $case: 'stats', value: await stats.read() });
    } catch (err) {
      log.debug({ err }, 'the load of this machine could not be read');
    }
  }
}
