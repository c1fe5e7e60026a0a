import { QueryClient } from '@tanstack/react-query';
import { waitAfter } from '@webxterm/contracts/back-off';
import { ApiError } from '@webxterm/rest-client';
import { SignedOutError } from './signed-out-error.ts';

/** Delay between the attempts of a query. */
const backOff = { firstMs: 500, longestMs: 4_000 };

/** A rejected request is not retried. An outage is. */
export const worthRetrying = (error: unknown): boolean => {
  if (error instanceof SignedOutError) return false;
  if (error instanceof ApiError) return error.status >= 500 && error.code !== 'unexpected_answer';
  return true;
};

export const newQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) => failures < 2 && worthRetrying(error),
        retryDelay: (attempt) => waitAfter(backOff, attempt + 1),
        // The browser's online status does not apply to a server on the same machine.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
