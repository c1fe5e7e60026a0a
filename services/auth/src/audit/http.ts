import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportAuditCsv, exportAuditNdjson, listAudit } from '@webxterm/contracts/rest';
import { AppError, Places, reasonOf } from '@webxterm/shared';
import type { Api, Caller, RequestContext } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import type { AllowList } from '@webxterm/shared/bus';
import { csvHeader, csvLine, ndjsonLine } from './export-lines.ts';
import type { AuditFilter, AuditQuery } from './query.ts';

export interface AuditRoutes {
  readonly query: Pick<AuditQuery, 'page' | 'all'>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly allowList: Pick<AllowList, 'require'>;
}

/** Concurrent downloads of one instance. Each holds a cursor of the database. */
export const maxExports = 4;
/** Concurrent downloads of one administrator. */
export const maxExportsPerUser = 3;
const exportLimits = {
  each: {
    most: maxExportsPerUser,
    message: `${maxExportsPerUser} downloads of yours are running. Wait for one to end.`,
  },
  all: { most: maxExports, message: `${maxExports} downloads of the audit log are running. Wait for one to end.` },
};
/** The role of the caller is checked again after this many lines. */
const checkEvery = 1000;

interface Format {
  readonly name: 'csv' | 'ndjson';
  readonly type: string;
  readonly header: string;
  readonly line: typeof csvLine;
}

const csv: Format = { name: 'csv', type: 'text/csv; charset=utf-8', header: csvHeader, line: csvLine };
const ndjson: Format = { name: 'ndjson', type: 'application/x-ndjson', header: '', line: ndjsonLine };

/** Routes of the audit log, for administrators. */
export const mountAudit = (api: Api, routes: AuditRoutes): void => {
  const exports = new Exports(routes);

  api.mount(listAudit, async ({ query: { cursor, limit, ...filter } }) => routes.query.page(filter, limit, cursor));

  api.mount(exportAuditCsv, async ({ query, caller, context }) => {
    await exports.send(csv, query, caller, context);
    return undefined;
  });

  api.mount(exportAuditNdjson, async ({ query, caller, context }) => {
    await exports.send(ndjson, query, caller, context);
    return undefined;
  });
};

class Exports {
  readonly #routes: AuditRoutes;
  readonly #places = new Places(exportLimits);

  constructor(routes: AuditRoutes) {
    this.#routes = routes;
  }

  /**
   * Resolves when all lines are sent or the client has disconnected. @throws AppError too_many_requests; unavailable when the download
   * cannot be audited
   */
  send(format: Format, filter: AuditFilter, caller: Caller, context: RequestContext): Promise<void> {
    return this.#places.within(caller.userId, () => this.#send(format, filter, caller, context));
  }

  async #send(
    format: Format,
    filter: AuditFilter,
    caller: Caller,
    { request, response, logger }: RequestContext,
  ): Promise<void> {
    try {
      if (request.method !== 'HEAD') await this.#record(format, filter);
      const name = `audit-${new Date().toISOString().slice(0, 10)}.${format.name}`;
      response.status(200).set({
        'content-type': format.type,
        'content-disposition': `attachment; filename="${name}"`,
        'cache-control': 'no-store',
      });
      if (request.method === 'HEAD') response.end();
      // The generator produces a line only when the client has accepted the earlier ones.
      else await pipeline(Readable.from(this.#lines(format, filter, caller), { highWaterMark: 64 }), response);
    } catch (error) {
      if (!response.headersSent) throw error;
      // The connection is closed, so that an incomplete file does not look complete.
      response.destroy();
      logger.info({ reason: reasonOf(error) }, 'a download of the audit log ended early');
    }
  }

  async *#lines(format: Format, filter: AuditFilter, caller: Caller): AsyncGenerator<string> {
    if (format.header !== '') yield format.header;
    let count = 0;
    for await (const row of this.#routes.query.all(filter)) {
      count += 1;
      if (count % checkEvery === 0 && this.#routes.allowList.require(caller.sid).role !== 'admin')
        throw new AppError('forbidden');
      yield format.line(row);
    }
  }

  #record(format: Format, filter: AuditFilter): Promise<void> {
    const { from, to, user_id = null, action = null, machine = null, result = null } = filter;
    const times = { from: from?.toISOString() ?? null, to: to?.toISOString() ?? null };
    return this.#routes.auditor.record({
      action: 'audit_exported',
      target: { type: 'audit', id: format.name, name: '' },
      details: { format: format.name, user_id, action, machine, result, ...times },
    });
  }
}
