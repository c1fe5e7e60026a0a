import { describe, expect, it } from 'vitest';
import { isMongoUnavailable } from './mongo-errors.ts';

const named = (name: string, more: object = {}): Error => Object.assign(new Error('text'), { name, ...more });

describe('an error of MongoDB', () => {
  it.each([
    ['no server was found', named('MongoServerSelectionError')],
    ['the connection was lost', named('MongoNetworkError')],
    ['writes are blocked', named('MongoServerError', { code: 371 })],
    ['the server is no primary any more', named('MongoServerError', { code: 10_107 })],
    ['the disk is full', named('MongoBulkWriteError', { code: 14_031 })],
    [
      'the disk is full, and mongod has no code for it',
      Object.assign(new Error('28: No space left on device'), { name: 'MongoServerError', code: 8 }),
    ],
    ['the time limit is over', named('MongoServerError', { code: 50 })],
  ])('means that it is unavailable: %s', (_, error) => {
    expect(isMongoUnavailable(error)).toBe(true);
  });

  it.each([
    ['a duplicate key', named('MongoServerError', { code: 11_000 })],
    ['a right that is missing', named('MongoServerError', { code: 13 })],
    ['an error of another library with such a code', named('Error', { code: 371 })],
    ['an unknown error', named('MongoServerError', { code: 8 })],
    [
      'a full disk of this machine',
      Object.assign(new Error('28: No space left on device'), { name: 'Error', code: 8 }),
    ],
    ['no error', { name: 'MongoNetworkError' }],
  ])('does not: %s', (_, error) => {
    expect(isMongoUnavailable(error)).toBe(false);
  });
});
