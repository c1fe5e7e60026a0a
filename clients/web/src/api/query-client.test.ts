import { ApiError, UnreachableError } from '@webxterm/rest-client';
import { expect, it } from 'vitest';
import { worthRetrying } from './query-client.ts';

it('repeats a request after an outage, and not after a refusal', () => {
  const refusal = (status: number, code = 'x'): ApiError => new ApiError({ status, code, message: '' });
  expect(worthRetrying(new UnreachableError(undefined))).toBe(true);
  expect(worthRetrying(refusal(503))).toBe(true);
  expect(worthRetrying(refusal(404))).toBe(false);
  expect(worthRetrying(refusal(200, 'unexpected_answer'))).toBe(false);
});
