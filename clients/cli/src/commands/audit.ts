import { AuditAction, type AuditRow, auditActions, listAudit } from '@webxterm/contracts/rest';
import { ask } from '@webxterm/rest-client';
import { exitCode, Failure } from '../failure.ts';
import { printRows } from '../output/print.ts';
import { findMachine } from '../server/find-machine.ts';
import { pagesOf } from '../server/pages.ts';
import { openServer } from '../server/server.ts';
import type { ServerOptions } from './options.ts';

export interface AuditOptions extends ServerOptions {
  readonly machine?: string;
  readonly action?: string;
  readonly limit: string;
}

const largestPage = 200;

const actionOf = (text: string): AuditAction => {
  const parsed = AuditAction.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Failure(`There is no action ${text}. There are: ${Object.keys(auditActions).join(', ')}.`, exitCode.usage);
};

const row = ({ at, actor, action, result, target, address, reason }: AuditRow): readonly string[] => [
  at,
  actor.username,
  action,
  result,
  target?.name || target?.id || '',
  address,
  reason ?? '',
];

/** `vsay audit` */
export const audit = async (options: AuditOptions): Promise<void> => {
  const wanted = Number(options.limit);
  if (!Number.isInteger(wanted) || wanted < 1) throw new Failure('--limit is a number of rows.', exitCode.usage);
  const server = await openServer(options.profile);
  const filter = {
    ...(options.machine !== undefined && { machine: (await findMachine(server, options.machine)).agent_id }),
    ...(options.action !== undefined && { action: actionOf(options.action) }),
  };
  const rows: AuditRow[] = [];
  const page = (at: { cursor?: string }) => {
    const limit = Math.min(largestPage, wanted - rows.length);
    return ask(server.fetcher, listAudit, { query: { ...filter, limit, ...at } });
  };
  for await (const { events } of pagesOf(page)) {
    rows.push(...events);
    if (rows.length >= wanted) break;
  }
  await printRows(options.json === true, rows, {
    heads: ['TIME', 'USER', 'ACTION', 'RESULT', 'TARGET', 'ADDRESS', 'REASON'],
    row,
    none: 'No rows.',
  });
};
