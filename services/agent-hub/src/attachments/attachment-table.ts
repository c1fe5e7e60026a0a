import type { Right } from '@webxterm/contracts/rights';
import { AppError, Places } from '@webxterm/shared';
import type { AttachRight } from './attach-right.ts';
import { LeftConnections } from './left-connections.ts';
import type { SpliceEnd } from './splice.ts';

/** Limit of attachments to one machine. */
const maxPerMachine = 512;
const recorderLimits = {
  each: {
    most: maxPerMachine,
    code: 'too_many_streams',
    message: `This machine has ${maxPerMachine} recorders attached.`,
  },
} as const;

/** One viewer that is attached, or about to be. It is registered before its access check, so that a concurrent revocation finds it. */
export interface Attachment extends AttachRight {
  readonly sid: string;
  readonly sidHash: string;
  /** An access token opened the session with this attachment. The session ends with the token. */
  readonly openedByToken: boolean;
  /** The machine's tags decide whether the access token reaches it. No message reports their change. */
  readonly reachedByTag: boolean;
  readonly agentId: string;
  readonly sessionId: Buffer;
  /** The Linux users that the user was limited to when access was last checked. Null: all of the machine. */
  linuxUsers: readonly string[] | null;
  /** The Linux user of the session that this attachment opens. Undefined: it opens none, or not yet. */
  linuxUser?: string | undefined;
  /**
   * Those of `rights` that the user had when access was last read. While the attachment is being checked they only become fewer, and once it is
   * admitted it ends with the first of them that the user loses.
   */
  held: readonly Right[];
  admitted: boolean;
  /** Access could not be checked, because the database or the allow-list was unavailable. It is checked again until that succeeds. */
  unchecked: boolean;
  end(how: SpliceEnd): void;
}

/** The attachments of this hub, by machine and by sign-in. */
export class AttachmentTable {
  readonly #all = new Set<Attachment>();
  readonly #byAgent = new Map<string, Set<Attachment>>();
  readonly #bySignin = new Map<string, Set<Attachment>>();
  /** Guests, by the sign-in that made their share. */
  readonly #bySharer = new Map<string, Set<Attachment>>();
  /** Of recorders, by machine. They rest on no right of a user, so that no right can end them. */
  readonly #recorders = new Places(recorderLimits);
  readonly left = new LeftConnections();

  get size(): number {
    return this.#all.size;
  }

  /** @throws AppError too_many_streams */
  add(attachment: Attachment): void {
    if ((this.#byAgent.get(attachment.agentId)?.size ?? 0) >= maxPerMachine)
      throw new AppError('too_many_streams', `This machine has ${maxPerMachine} terminals attached.`);
    this.#all.add(attachment);
    put(this.#byAgent, attachment.agentId, attachment);
    put(this.#bySignin, attachment.sidHash, attachment);
    if (attachment.share !== undefined) put(this.#bySharer, attachment.share.owner_signin, attachment);
  }

  delete(attachment: Attachment): void {
    this.#all.delete(attachment);
    drop(this.#byAgent, attachment.agentId, attachment);
    drop(this.#bySignin, attachment.sidHash, attachment);
    if (attachment.share !== undefined) drop(this.#bySharer, attachment.share.owner_signin, attachment);
  }

  all(): Attachment[] {
    return [...this.#all];
  }

  ofAgent(agentId: string): Attachment[] {
    return [...(this.#byAgent.get(agentId) ?? [])];
  }

  /** @returns a function to call when the recorder has left. @throws AppError too_many_streams */
  addRecorder(agentId: string): () => void {
    return this.#recorders.take(agentId);
  }

  ofSignin(sidHash: string): Attachment[] {
    return [...(this.#bySignin.get(sidHash) ?? [])];
  }

  /** The guests whose share was made with this sign-in. */
  guestsOf(sidHash: string): Attachment[] {
    return [...(this.#bySharer.get(sidHash) ?? [])];
  }
}

const put = (index: Map<string, Set<Attachment>>, key: string, attachment: Attachment): void => {
  const set = index.get(key);
  if (set === undefined) index.set(key, new Set([attachment]));
  else set.add(attachment);
};

const drop = (index: Map<string, Set<Attachment>>, key: string, attachment: Attachment): void => {
  const set = index.get(key);
  set?.delete(attachment);
  if (set?.size === 0) index.delete(key);
};
