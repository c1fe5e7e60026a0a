import { expect, it } from 'vitest';
import { SshPlaces } from './places.ts';

it('has places for each user and in all, and names the limit', () => {
  const places = new SshPlaces();
  const free = Array.from({ length: 6 }, () => places.take('sftp', 'ann'));
  expect(places.take('sftp', 'ann')).toBe('This machine already has 6 sftp sessions of yours. Wait for one to end.');
  for (const user of ['bob', 'eve']) for (let count = 0; count < 5; count += 1) places.take('sftp', user);
  expect(places.take('sftp', 'dan')).toBe('This machine already has 16 sftp sessions. Wait for one to end.');
  expect(places.take('program', 'ann')).toBeTypeOf('function');
  const [first] = free;
  if (typeof first === 'function') {
    first();
    first();
  }
  expect(places.take('sftp', 'ann')).toBeTypeOf('function');
  expect(places.take('sftp', 'dan')).toBeTypeOf('string');
});
