import { describe, expect, it } from 'vitest';
import { serverAwayAdvice } from '../lifecycle/health.ts';
import { writeAdvice } from './write-advice.ts';

const named = (name: string, code?: number, message = 'at 10.0.0.7'): Error =>
  Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
const stuck = /^it answers no write in time: check its disk.*db\.fsyncUnlock\(\)/;
const full = /^its disk is full: free some space$/;

describe('the advice on an error of a write', () => {
  it.each([
    ['a user without the right', named('MongoServerError', 13), /^its user may not write: give it the role readWrite/],
    ['a write that no majority has confirmed', named('MongoWriteConcernError', 64), /^no majority confirms writes/],
    ['a replica set that is too small', named('MongoServerError', 100), /too few members for a majority/],
    ['writes that are blocked', named('MongoServerError', 371), /^its writes are blocked: .*global: false/],
    ['the time limit of the server', named('MongoServerError', 50), stuck],
    ['the time limit of an operation', named('MongoServerError', 262), stuck],
    ['no answer', new Error('no answer to a write within 4000 ms'), stuck],
    ['what is no error', 'late', stuck],
    ['a full disk', named('MongoServerError', 14_031), full],
    ['a full disk where a file is created', named('MongoServerError', 8, '28: No space left on device'), full],
  ])('names the cause and the remedy: %s', (_, error, advice) => {
    expect(writeAdvice(error)).toMatch(advice);
  });

  it.each([
    ['no server was found', named('MongoServerSelectionError')],
    ['the server is no primary any more', named('MongoServerError', 10_107)],
    ['an error that the server does not know', named('MongoServerError', 8)],
  ])('is that on a lost server in all other cases: %s', (_, error) => {
    expect(writeAdvice(error)).toBe(serverAwayAdvice);
  });
});
