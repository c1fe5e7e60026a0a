import { expect, it } from 'vitest';
import { outcomeOf } from './count-tests.ts';

const assertion = (status: string, fullName = 'a test', failureMessages: readonly string[] = []) => ({
  status,
  fullName,
  failureMessages,
});

it('counts tests, and a file that could not be loaded as one failure, and names what failed', () => {
  const testResults = [
    {
      name: '/r/a.test.ts',
      status: 'passed',
      message: '',
      assertionResults: [assertion('passed'), assertion('passed')],
    },
    {
      name: '/r/b.test.ts',
      status: 'failed',
      message: '',
      assertionResults: [assertion('failed', 'a shell is slow', ['Error: timed out\n  at b.test.ts:1'])],
    },
    { name: '/r/c.test.ts', status: 'failed', message: 'SyntaxError: no\nmore', assertionResults: [] },
    { name: '/r/d.test.ts', status: 'failed', message: '', assertionResults: [assertion('passed')] },
  ];
  expect(outcomeOf({ numPassedTests: 3, testResults }, '/r')).toEqual({
    passed: 3,
    failures: [
      'b.test.ts: a shell is slow: Error: timed out',
      'c.test.ts: could not be loaded: SyntaxError: no',
      'd.test.ts: could not be loaded: ',
    ],
  });
});
