import { sshKind, tcpKind } from '@webxterm/contracts/session-kinds';

/** Kinds of session for whose client a machine waits 30 s when its connection broke off. */
const waitedForKinds: ReadonlySet<string> = new Set([tcpKind, sshKind]);
const waitedMs = 35_000;
/** Those beyond end by themselves after that time. */
const maxLeft = 10_000;

interface Left {
  readonly agentId: string;
  readonly sessionId: Buffer;
  readonly ownerUserId: string;
  readonly sidHash: string;
}

/** Connections without an attachment, whose programs go on until their client comes back or its time is over. They end with their sign-in, too. */
export class LeftConnections {
  readonly #now: () => number;
  /** By machine and session, the oldest first. */
  readonly #left = new Map<string, { readonly connection: Left; readonly at: number }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The last attachment of an owner to a connection has ended. */
  add(kind: string, { agentId, sessionId, ownerUserId, sidHash }: Left): void {
    if (!waitedForKinds.has(kind)) return;
    this.back({ agentId, sessionId });
    this.#left.set(keyOf({ agentId, sessionId }), {
      connection: { agentId, sessionId, ownerUserId, sidHash },
      at: this.#now(),
    });
    for (const [key, { at }] of this.#left) {
      if (at > this.#now() - waitedMs && this.#left.size <= maxLeft) break;
      this.#left.delete(key);
    }
  }

  /** Its client attaches again. */
  back(of: Pick<Left, 'agentId' | 'sessionId'>): void {
    this.#left.delete(keyOf(of));
  }

  /** A sign-in has ended. @returns its connections, which are forgotten */
  take(sidHash: string): Left[] {
    const taken = [...this.#left.values()].map(({ connection }) => connection).filter((one) => one.sidHash === sidHash);
    for (const one of taken) this.back(one);
    return taken;
  }
}

const keyOf = ({ agentId, sessionId }: Pick<Left, 'agentId' | 'sessionId'>): string =>
  `${agentId} ${sessionId.toString('base64url')}`;
