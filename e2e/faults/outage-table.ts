/** The content of a cell of the outage matrix: the answer to an operation during the outage. */
export type Answer =
  /** It is carried out. */
  | 'done'
  /** 503 with Retry-After, or for an agent a refusal that is not permanent. Repeated after the outage it is carried out. */
  | '503'
  /** Refused as without an outage. */
  | 'refused';

export const faults = {
  'mongo-away': 'MongoDB away',
  'nats-away': 'NATS away',
  'both-away': 'both away',
  'streams-lost': 'streams lost',
  'buckets-lost': 'buckets lost',
  'no-primary': 'MongoDB without a primary',
  'read-only': 'MongoDB read-only',
  slow: 'MongoDB 2 s an answer',
  'clock-auth-40': 'clock of auth +40 s',
  'clock-hub-100': 'clock of a hub +100 s',
} as const;

export type FaultId = keyof typeof faults;

export const faultIds = Object.keys(faults) as FaultId[];

export const operations = {
  'sign-in': 'sign in',
  refresh: 'refresh a token',
  'sign-out': 'sign out',
  disable: 'disable a user',
  demote: 'demote an administrator',
  delete: 'delete a user',
  'delete-signed-out': 'delete a user who is signed out',
  grant: 'grant access',
  revoke: 'revoke access',
  'remove-machine': 'remove a machine',
  'replace-key': 'replace an API key',
  open: 'open a terminal',
  're-attach': 're-attach by a pass',
  'ticket-twice': 'use a ticket twice',
  'wrong-pass': 'a pass with a wrong field',
  'lost-right': 'use a right that ended before',
  command: 'run a command',
  'dial-pass': 'agent dials by link pass',
  'dial-credential': 'agent dials by credential',
  'dial-key': 'agent enrols by API key',
  audit: 'read the audit log',
} as const;

export type OperationId = keyof typeof operations;

export const operationIds = Object.keys(operations) as OperationId[];

type Cell = Answer | readonly Answer[];
type Row = Readonly<Record<FaultId, readonly Answer[]>>;

/** One answer for each fault, in the order of `faults`. Two answers: the load of the servers decides. */
const row = (...cells: readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell]): Row => {
  const [mongo, nats, both, streams, buckets, noPrimary, readOnly, slow, auth, hub] = cells.map((cell) =>
    [cell].flat(),
  );
  return {
    'mongo-away': mongo ?? [],
    'nats-away': nats ?? [],
    'both-away': both ?? [],
    'streams-lost': streams ?? [],
    'buckets-lost': buckets ?? [],
    'no-primary': noPrimary ?? [],
    'read-only': readOnly ?? [],
    slow: slow ?? [],
    'clock-auth-40': auth ?? [],
    'clock-hub-100': hub ?? [],
  };
};

const either = ['done', '503'] as const;
const no = 'refused';

export const answers: Readonly<Record<OperationId, Row>> = {
  'sign-in': row('503', '503', '503', 'done', either, '503', '503', either, '503', 'done'),
  refresh: row('done', 'done', 'done', 'done', either, 'done', 'done', 'done', '503', 'done'),
  'sign-out': row('503', '503', '503', 'done', either, '503', '503', either, '503', 'done'),
  disable: row('503', '503', '503', either, either, '503', '503', either, '503', 'done'),
  demote: row('503', '503', '503', either, either, '503', '503', either, '503', 'done'),
  delete: row('503', '503', '503', either, either, '503', '503', either, '503', either),
  'delete-signed-out': row('503', '503', '503', either, either, '503', '503', either, '503', either),
  grant: row('503', '503', '503', 'done', either, '503', '503', either, either, '503'),
  revoke: row('503', '503', '503', 'done', either, '503', '503', either, either, '503'),
  'remove-machine': row('503', 'done', '503', 'done', either, '503', '503', either, either, '503'),
  'replace-key': row('503', '503', '503', either, either, '503', '503', either, either, 'done'),
  open: row('503', 'done', '503', 'done', either, '503', '503', either, either, '503'),
  're-attach': row('done', 'done', 'done', 'done', either, 'done', 'done', 'done', either, '503'),
  'ticket-twice': row('503', 'done', '503', 'done', either, '503', 'done', either, either, ['503', no]),
  'wrong-pass': row(no, no, no, no, no, no, no, no, no, no),
  'lost-right': row(no, no, no, no, no, no, no, no, no, no),
  command: row('503', 'done', '503', 'done', either, '503', '503', either, either, '503'),
  'dial-pass': row('done', 'done', 'done', 'done', either, 'done', 'done', 'done', either, '503'),
  'dial-credential': row('503', either, '503', either, either, '503', 'done', either, either, 'done'),
  'dial-key': row('503', '503', '503', 'done', either, '503', '503', either, either, either),
  audit: row('503', 'done', '503', 'done', either, '503', 'done', either, either, 'done'),
};

export const shown: Readonly<Record<Answer, string>> = { done: 'done', '503': '503', refused: 'no' };

export const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The table of docs/degraded-modes.md. */
export const outageTable = (): string => {
  const columns = faultIds.map((id) => faults[id]);
  return [
    line(['operation', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...operationIds.map((id) =>
      line([
        operations[id],
        ...faultIds.map((fault) => answers[id][fault].map((answer) => shown[answer]).join(' or ')),
      ]),
    ),
  ].join('\n');
};
