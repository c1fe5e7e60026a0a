import { timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '@webxterm/shared';
import type { RootKey, RootKeys } from '../root-keys/root-keys.ts';
import type { Anchor, AuditEntry, StoredRow } from './row.ts';

/** The end of the chain: the next row is `seq` + 1, with a MAC over `mac`. */
export interface Head {
  readonly seq: number;
  readonly mac: string;
}

/** The head of an empty chain. */
export const genesis: Head = { seq: 0, mac: '' };

type Unsealed = Omit<StoredRow, 'mac'>;
type UnsealedAnchor = Omit<Anchor, 'mac' | '_id'>;

/** An array, so that the order of keys does not matter; JSON, so that no text can extend into the next field. */
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
 * The entry as the database returns it. A lone surrogate, which JSON may contain, is stored as U+FFFD. With a MAC over the original text,
 * such a row would always count as changed.
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

/** The rows that follow `head`, each linked to the previous one. */
export const link = (roots: RootKeys, head: Head, entries: readonly AuditEntry[]): StoredRow[] => {
  let { seq, mac } = head;
  return entries.map((entry) => {
    seq += 1;
    const unsealed = { ...asStored(entry), seq, key_id: roots.current.id };
    mac = macOf(roots.current, rowText(mac, unsealed));
    return { ...unsealed, mac };
  });
};

/** The anchor from which the chain starts after a cut. */
export const makeAnchor = (roots: RootKeys, last: Head, at: Date): Anchor => {
  const unsealed = { seq: last.seq, row_mac: last.mac, at, key_id: roots.current.id };
  return { _id: 'anchor', ...unsealed, mac: macOf(roots.current, anchorText(unsealed)) };
};

/** `unknown_key`: the MAC was made with a root key that is no longer in ROOT_KEY, so it cannot be verified. */
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
