import { expect, it } from 'vitest';
import { Places } from './places.ts';

it('limits what one user and what all users do at a time, also after failures', async () => {
  const places = new Places({ perUser: 2, ofAll: 3, message: 'Wait.' });
  const running = Array.from({ length: 3 }, () => Promise.withResolvers<string>());
  const work = [
    places.within('ann', () => running[0]?.promise ?? Promise.resolve('')),
    places.within('ann', () => running[1]?.promise ?? Promise.resolve('')),
  ];
  const full = { code: 'too_many_requests', message: 'Wait.' };
  await expect(places.within('ann', async () => 'third')).rejects.toMatchObject(full);
  work.push(places.within('bob', () => running[2]?.promise ?? Promise.resolve('')));
  await expect(places.within('cid', async () => 'fourth')).rejects.toMatchObject(full);
  running[0]?.reject(new Error('broken'));
  await expect(work[0]).rejects.toThrow('broken');
  expect(await places.within('ann', async () => 'done')).toBe('done');
  running[1]?.resolve('second');
  running[2]?.resolve('third');
  expect(await Promise.all(work.slice(1))).toEqual(['second', 'third']);
});
