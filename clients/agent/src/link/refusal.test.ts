import { expect, it } from 'vitest';
import { describeRefusal } from './refusal.ts';

it('names the problem and, if the hub does not, the remedy', () => {
  expect(describeRefusal({ code: 'bad_api_key', message: 'Wrong key.' })).toMatch(
    /^Wrong key\. Take the current API key/,
  );
  const complete = 'The API key is not valid. Take the current one and configure again.';
  expect(describeRefusal({ code: 'bad_api_key', message: complete })).toBe(complete);
  expect(describeRefusal({ code: 'from_the_future', message: '' })).toBe(
    'The server refused this machine (from_the_future).',
  );
});
