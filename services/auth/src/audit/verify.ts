import type { AuditCheckpoint } from '@webxterm/contracts/bus';
import type { RootKeys } from '../root-keys/root-keys.ts';
import { anchorSeal, genesis, rowSeal } from './chain.ts';
import type { Anchor, StoredRow } from './row.ts';

/** A problem and the row where it was found. */
export interface Finding {
  readonly seq: number;
  readonly problem: string;
}

export interface Verdict {
  readonly rows: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Checkpoints whose row is still stored. */
  readonly checkpoints: number;
  readonly findings: readonly Finding[];
}

/** Further findings are dropped. */
const maxFindings = 20;

/**
 * Verifies the whole chain. Each row must follow the previous one without a gap, have a valid MAC over it, and match its checkpoints.
 * Checkpoints reveal a deleted tail; the anchor reveals a deleted head.
 */
export const verifyChain = async (
  roots: RootKeys,
  rows: AsyncIterable<StoredRow>,
  anchor: Anchor | undefined,
  checkpoints: Iterable<AuditCheckpoint>,
): Promise<Verdict> => {
  const findings: Finding[] = [];
  const found = (seq: number, problem: string): void => {
    if (findings.length < maxFindings) findings.push({ seq, problem });
  };
  const open = new Map<number, AuditCheckpoint[]>();
  let furthest = 0;
  for (const checkpoint of checkpoints) {
    furthest = Math.max(furthest, checkpoint.seq);
    open.set(checkpoint.seq, [...(open.get(checkpoint.seq) ?? []), checkpoint]);
  }
  let { seq, mac } = anchor === undefined ? genesis : { seq: anchor.seq, mac: anchor.row_mac };
  if (anchor !== undefined && anchorSeal(roots, anchor) !== 'good')
    found(anchor.seq, 'the anchor that retention left is not genuine');
  const start = seq;
  let count = 0;
  let matched = 0;
  for await (const row of rows) {
    count += 1;
    if (row.seq !== seq + 1)
      found(seq + 1, row.seq > seq + 1 ? `rows ${seq + 1} to ${row.seq - 1} are missing` : 'rows are out of order');
    else {
      const seal = rowSeal(roots, mac, row);
      if (seal === 'bad') found(row.seq, 'it was changed, moved or inserted');
      if (seal === 'unknown_key')
        found(row.seq, `it was sealed with a root key (${row.key_id}) that ROOT_KEY does not hold any more`);
    }
    for (const checkpoint of open.get(row.seq) ?? []) {
      matched += 1;
      if (checkpoint.mac !== row.mac) found(row.seq, `it is not the row of the checkpoint of ${checkpoint.at}`);
    }
    ({ seq, mac } = row);
  }
  if (furthest > seq)
    found(
      seq + 1,
      `the log ends at ${seq}, but a checkpoint says that it had come to ${furthest}: its tail was cut off`,
    );
  return { rows: count, firstSeq: start + 1, lastSeq: seq, checkpoints: matched, findings };
};
