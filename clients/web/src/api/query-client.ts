import { QueryClient } from '@tanstack/react-query';
import { waitAfter } from '@webxterm/contracts/back-off';
import { ApiError, SignedOutError } from './api-error.ts';

/** Between the tries of a question, ms. */
const backOff = { firstMs: 500, longestMs: 4_000 };

/** No is no; an outage is worth another try. */
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
        // "Online" in the browser's sense says nothing about a server on this very machine.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
