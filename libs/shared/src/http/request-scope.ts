import { AsyncLocalStorage } from 'node:async_hooks';

/** The request that is being answered: who asks, from where. What is audited on its behalf says so. */
export interface RequestScope {
  readonly requestId: string;
  readonly clientIp: string;
  readonly userAgent: string;
  /** Who is signed in; undefined where nobody is, or not yet. */
  readonly caller: { readonly userId: string; readonly username: string; readonly sid: string } | undefined;
  /** The Unix user of a command in a shell on the server. */
  readonly operator?: string;
}

const current = new AsyncLocalStorage<RequestScope>();

/** Runs `work` on behalf of a request: everything that it calls finds the scope, however deep. */
export const inRequestScope = <T>(scope: RequestScope, work: () => T): T => current.run(scope, work);

/** The request on whose behalf this runs; undefined for what a service does by itself. */
export const requestScope = (): RequestScope | undefined => current.getStore();
