import { timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '@webxterm/shared';
import type { RootKey, RootKeys } from '../root-keys/root-keys.ts';
import type { Anchor, AuditEntry, StoredRow } from './row.ts';

/** How far the chain has come: the next row is `seq` + 1, made over `mac`. */
export interface Head {
  readonly seq: number;
  readonly mac: string;
}

/** Before the first row. */
export const genesis: Head = { seq: 0, mac: '' };

type Unsealed = Omit<StoredRow, 'mac'>;
type UnsealedAnchor = Omit<Anchor, 'mac' | '_id'>;

/** A list, so that no order of keys matters; JSON, so that no text can reach into the next. */
const rowText = (previous: string, row: Unsealed): string =>
  JSON.stringify([
    'row v1',
    previous,
    row.key_id,
    row.seq,
    row.event_id,
    row.at.toISOString(),
    row.recorded_at.toISOString(),
    row.service,
    row.action,
    [row.actor.kind, row.actor.user_id, row.actor.username, row.actor.verified, row.actor.signin_ref],
    row.target === null ? null : [row.target.type, row.target.id, row.target.name],
    row.agent_id,
    row.session_id,
    row.address,
    row.user_agent,
    row.result,
    row.reason,
    row.request_id,
    row.count,
    row.details,
  ]);

const anchorText = (anchor: UnsealedAnchor): string =>
  JSON.stringify(['anchor v1', anchor.key_id, anchor.seq, anchor.row_mac, anchor.at.toISOString()]);

const macOf = (key: RootKey, text: string): string => hmacSha256(key.auditChain, text).toString('base64url');

/**
 * The entry as the database gives it back: half a surrogate pair, which JSON may carry, is stored as U+FFFD. A MAC over what was sent
 * would call such a row changed for ever.
 */
const asStored = (entry: AuditEntry): AuditEntry => {
  const { actor, target } = entry;
  return {
    ...entry,
    event_id: entry.event_id.toWellFormed(),
    actor: { ...actor, username: actor.username.toWellFormed() },
    target: target && { ...target, id: target.id.toWellFormed(), name: target.name.toWellFormed() },
    address: entry.address.toWellFormed(),
    user_agent: entry.user_agent.toWellFormed(),
    reason: entry.reason?.toWellFormed() ?? null,
    request_id: entry.request_id.toWellFormed(),
    details: entry.details.toWellFormed(),
  };
};

/** The rows that follow `head`, each made over the one before. */
export const link = (roots: RootKeys, head: Head, entries: readonly AuditEntry[]): StoredRow[] => {
  let { seq, mac } = head;
  return entries.map((entry) => {
    seq += 1;
    const unsealed = { ...asStored(entry), seq, key_id: roots.current.id };
    mac = macOf(roots.current, rowText(mac, unsealed));
    return { ...unsealed, mac };
  });
};

/** The place where the chain is to begin from now on. */
export const makeAnchor = (roots: RootKeys, last: Head, at: Date): Anchor => {
  const unsealed = { seq: last.seq, row_mac: last.mac, at, key_id: roots.current.id };
  return { _id: 'anchor', ...unsealed, mac: macOf(roots.current, anchorText(unsealed)) };
};

/** `unknown_key`: it was made with a root key that is not in ROOT_KEY any more, so nothing can be said of it. */
export type Seal = 'good' | 'bad' | 'unknown_key';

const sealOf = (roots: RootKeys, keyId: string, mac: string, text: string): Seal => {
  const key = roots.all.find(({ id }) => id === keyId);
  if (key === undefined) return 'unknown_key';
  const given = Buffer.from(mac);
  const wanted = Buffer.from(macOf(key, text));
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? 'good' : 'bad';
};

export const rowSeal = (roots: RootKeys, previous: string, row: StoredRow): Seal =>
  sealOf(roots, row.key_id, row.mac, rowText(previous, row));

export const anchorSeal = (roots: RootKeys, anchor: Anchor): Seal =>
  sealOf(roots, anchor.key_id, anchor.mac, anchorText(anchor));
