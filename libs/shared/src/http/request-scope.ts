import { AsyncLocalStorage } from 'node:async_hooks';

/** The current request: its caller and origin, which audit events include. */
export interface RequestScope {
  readonly requestId: string;
  readonly clientIp: string;
  readonly userAgent: string;
  /** The signed-in user. Undefined if the request has none, or before the token is checked. */
  readonly caller: { readonly userId: string; readonly username: string; readonly sid: string } | undefined;
  /** The Unix user of a command in a shell on the server. */
  readonly operator?: string;
}

const current = new AsyncLocalStorage<RequestScope>();

/** Runs `work` in the scope of a request. All code that it calls, at any depth, finds the scope. */
export const inRequestScope = <T>(scope: RequestScope, work: () => T): T => current.run(scope, work);

/** The request of the running code. Undefined for work that the service does by itself. */
export const requestScope = (): RequestScope | undefined => current.getStore();
