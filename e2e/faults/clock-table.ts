import { type Answer, line, type OperationId, operations, shown } from './outage-table.ts';
import type { ServiceWithClock } from './outage-world.ts';

/** The operations whose answers depend on a time that one service wrote and another one reads. */
export const timedOperations = [
  'sign-in',
  'revoke',
  'disable',
  'delete-signed-out',
  'ticket-twice',
  're-attach',
  'audit',
] as const satisfies readonly OperationId[];
export type TimedOperation = (typeof timedOperations)[number];

export interface ClockRow {
  readonly service: ServiceWithClock;
  /** The lead of its clock, negative when it is behind. */
  readonly seconds: readonly number[];
  readonly answers: Readonly<Record<TimedOperation, readonly Answer[]>>;
}

type Cell = Answer | readonly Answer[];

/** The cells in the order of `timedOperations`. */
const row = (
  service: ServiceWithClock,
  seconds: readonly number[],
  ...cells: readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell]
): ClockRow => {
  const [signIn, revoke, disable, deleteSignedOut, ticket, pass, audit] = cells.map((cell) => [cell].flat());
  return {
    service,
    seconds,
    answers: {
      'sign-in': signIn ?? [],
      revoke: revoke ?? [],
      disable: disable ?? [],
      'delete-signed-out': deleteSignedOut ?? [],
      'ticket-twice': ticket ?? [],
      're-attach': pass ?? [],
      audit: audit ?? [],
    },
  };
};

const either = ['done', '503'] as const;
const all = ['done', 'done', 'done', 'done', 'done', 'done', 'done'] as const;

export const clockRows: readonly ClockRow[] = [
  row('auth', [20, -20], ...all),
  row('auth', [40, -40], '503', either, '503', '503', either, either, either),
  row('auth', [100, -100], '503', either, '503', '503', either, either, '503'),
  row('agent-hub', [20, -20, 40, -40], ...all),
  row('agent-hub', [100], 'done', '503', 'done', either, ['503', 'refused'], '503', 'done'),
  row('agent-hub', [-100], 'done', '503', 'done', either, 'done', 'done', 'done'),
  row('terminal', [-20, -40], ...all),
  // A ticket is valid for 30 s.
  row('terminal', [20], 'done', 'done', 'done', 'done', ['done', 'refused'], 'done', 'done'),
  row('terminal', [40], 'done', 'done', 'done', 'done', 'refused', 'done', 'done'),
  row('terminal', [100, -100], 'done', 'done', 'done', either, '503', '503', 'done'),
];

const signed = (seconds: number): string => `${seconds > 0 ? '+' : '−'}${Math.abs(seconds)}`;

/** The table of clocks in docs/degraded-modes.md. */
export const clockTable = (): string =>
  [
    line(['clock of', 'off by, in s', ...timedOperations.map((id) => operations[id])]),
    line(['---', '---', ...timedOperations.map(() => '---')]),
    ...clockRows.map(({ service, seconds, answers }) =>
      line([
        service,
        seconds.map(signed).join(', '),
        ...timedOperations.map((id) => answers[id].map((answer) => shown[answer]).join(' or ')),
      ]),
    ),
  ].join('\n');
