import { randomBytes } from 'node:crypto';
import type { AuditCheckpoint } from '@webxterm/contracts/bus';
import { mongo } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { deriveRootKeys } from '../root-keys/root-keys.ts';
import { genesis, link, makeAnchor } from './chain.ts';
import type { Anchor, AuditEntry, StoredRow } from './row.ts';
import { verifyChain } from './verify.ts';

const root = randomBytes(32);
const roots = deriveRootKeys([root]);
const at = new Date('2026-11-25T10:00:00Z');

const entry = (name: string): AuditEntry => ({
  event_id: name.padEnd(22, 'x'),
  at,
  recorded_at: at,
  service: 'auth',
  action: 'role_changed',
  actor: { kind: 'user', user_id: 'a'.repeat(24), username: 'ada', verified: true, signin_ref: null },
  target: { type: 'user', id: 'b'.repeat(24), name },
  agent_id: null,
  session_id: null,
  address: '203.0.113.9',
  user_agent: 'curl',
  result: 'ok',
  reason: null,
  request_id: 'r',
  count: 1,
  details: '{"role":"admin"}',
});

const chain = (count: number, keys = roots): StoredRow[] =>
  link(
    keys,
    genesis,
    Array.from({ length: count }, (_, index) => entry(`row${index + 1}`)),
  );

const stream = async function* (rows: readonly StoredRow[]): AsyncGenerator<StoredRow> {
  yield* rows;
};

const checkpointOf = (row: StoredRow | undefined): AuditCheckpoint => ({
  v: 1,
  seq: row?.seq ?? 0,
  mac: row?.mac ?? '',
  at: at.toISOString(),
});

const findingsOf = async (
  rows: readonly StoredRow[],
  {
    anchor,
    checkpoints = [],
    keys = roots,
  }: { anchor?: Anchor; checkpoints?: AuditCheckpoint[]; keys?: typeof roots } = {},
) => (await verifyChain(keys, stream(rows), anchor, checkpoints)).findings;

describe('the chain of audit rows', () => {
  it('is complete as written, and agrees with its checkpoints', async () => {
    const rows = chain(10);
    const verdict = await verifyChain(roots, stream(rows), undefined, [checkpointOf(rows[4]), checkpointOf(rows[9])]);
    expect(verdict).toEqual({ rows: 10, firstSeq: 1, lastSeq: 10, checkpoints: 2, findings: [] });
  });

  it('is complete also if a text had half a surrogate pair, which the database does not store', async () => {
    const half = 'x\ud800';
    const rows = link(roots, genesis, [
      { ...entry('a'), user_agent: half, address: half, reason: half, request_id: half },
      { ...entry('b'), actor: { ...entry('b').actor, username: half } },
      { ...entry('c'), target: { type: 'machine', id: half, name: half } },
    ]);
    const givenBack = rows.map((row) => ({ ...row, ...mongo.BSON.deserialize(mongo.BSON.serialize(row)) }));
    expect(await findingsOf(givenBack)).toEqual([]);
  });

  it('shows every field that is changed', async () => {
    const changes: Partial<StoredRow>[] = [
      { at: new Date(at.getTime() + 1) },
      { recorded_at: new Date(at.getTime() + 1) },
      { event_id: 'other'.padEnd(22, 'x') },
      { service: 'terminal' },
      { action: 'user_disabled' },
      { actor: { kind: 'user', user_id: 'c'.repeat(24), username: 'ada', verified: true, signin_ref: null } },
      { actor: { kind: 'user', user_id: 'a'.repeat(24), username: 'eve', verified: true, signin_ref: null } },
      { actor: { kind: 'user', user_id: 'a'.repeat(24), username: 'ada', verified: false, signin_ref: null } },
      { target: null },
      { agent_id: 'ag_x' },
      { session_id: 's' },
      { address: '198.51.100.1' },
      { user_agent: '' },
      { result: 'denied' },
      { reason: 'asked' },
      { request_id: 'q' },
      { count: 2 },
      { details: '{"role":"user"}' },
    ];
    for (const change of changes) {
      const rows = chain(3).map((row) => (row.seq === 2 ? { ...row, ...change } : row));
      expect([change, (await findingsOf(rows)).map(({ seq }) => seq)]).toEqual([change, [2]]);
    }
  });

  it('shows a row that is removed, moved, or invented', async () => {
    const rows = chain(5);
    expect(await findingsOf(rows.filter(({ seq }) => seq !== 3))).toEqual([
      { seq: 3, problem: 'rows 3 to 3 are missing' },
    ]);
    const renumbered = rows.filter(({ seq }) => seq !== 3).map((row, index) => ({ ...row, seq: index + 1 }));
    expect((await findingsOf(renumbered))[0]?.seq).toBe(3);
    const swapped = rows.map((row) => (row.seq === 2 ? { ...row, seq: 3 } : row.seq === 3 ? { ...row, seq: 2 } : row));
    expect((await findingsOf(swapped.sort((a, b) => a.seq - b.seq))).map(({ seq }) => seq)).toEqual([2, 3, 4]);
    const forged = link(deriveRootKeys([randomBytes(32)]), { seq: 5, mac: rows[4]?.mac ?? '' }, [entry('forged')]);
    expect((await findingsOf([...rows, ...forged]))[0]?.problem).toContain('root key');
  });

  it('shows a truncated tail, by the checkpoints, and a rewritten tail', async () => {
    const rows = chain(6);
    const checkpoints = [checkpointOf(rows[5])];
    expect(await findingsOf(rows.slice(0, 4), { checkpoints })).toEqual([
      { seq: 5, problem: 'the log ends at 4, but a checkpoint says that it had come to 6: its tail was cut off' },
    ]);
    const anew = [...rows.slice(0, 4), ...link(roots, { seq: 4, mac: rows[3]?.mac ?? '' }, [entry('a'), entry('b')])];
    expect((await findingsOf(anew, { checkpoints }))[0]).toMatchObject({ seq: 6 });
    expect(await findingsOf([], { checkpoints })).toHaveLength(1);
  });

  it('begins at the anchor of the retention, and shows a truncated head without one', async () => {
    const rows = chain(6);
    const last = rows[2];
    if (last === undefined) throw new Error('no row');
    const anchor = makeAnchor(roots, last, at);
    expect(await findingsOf(rows.slice(3), { anchor })).toEqual([]);
    expect(await findingsOf(rows.slice(3))).toEqual([{ seq: 1, problem: 'rows 1 to 3 are missing' }]);
    const fifth = rows[4];
    const moved = { ...anchor, seq: 5, row_mac: fifth?.mac ?? '' };
    expect(await findingsOf(rows.slice(5), { anchor: moved })).toEqual([
      { seq: 5, problem: 'the anchor that retention left is not genuine' },
    ]);
  });

  it('continues under a new root key while the old one is known', async () => {
    const newer = randomBytes(32);
    const both = deriveRootKeys([newer, root]);
    const before = chain(2);
    const rows = [...before, ...link(both, { seq: 2, mac: before[1]?.mac ?? '' }, [entry('after')])];
    expect(await findingsOf(rows, { keys: both })).toEqual([]);
    const forgotten = await findingsOf(rows, { keys: deriveRootKeys([newer]) });
    expect(forgotten.map(({ seq }) => seq)).toEqual([1, 2]);
  });
});
