import { describe, expect, it } from 'vitest';
import { Places } from './places.ts';

const start = (places: Places, holder: string) => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { end: resolve, fail: reject, done: places.within(holder, () => promise) };
};
const nothing = async (): Promise<string> => 'done';

describe('places for work in progress', () => {
  it('are refused to a holder at the limit, not to other holders, and are free again after an end and after a failure', async () => {
    const places = new Places({ each: { most: 2, message: 'Two of yours run.' } });
    const [first, second] = [start(places, 'ann'), start(places, 'ann')];
    const full = { code: 'too_many_requests', status: 429, message: 'Two of yours run.' };
    await expect(places.within('ann', nothing)).rejects.toMatchObject(full);
    expect(await places.within('bob', nothing)).toBe('done');
    first.fail(new Error('it failed'));
    await expect(first.done).rejects.toThrow('it failed');
    expect(await places.within('ann', nothing)).toBe('done');
    second.end('ended');
    expect(await second.done).toBe('ended');
  });

  it('are limited for all holders together, with an error of their own', async () => {
    const places = new Places({ each: { most: 2 }, all: { most: 3, code: 'unavailable', message: 'Three run.' } });
    const running = [start(places, 'ann'), start(places, 'ann'), start(places, 'bob')];
    const full = { code: 'unavailable', message: 'Three run.' };
    await expect(places.within('cid', nothing)).rejects.toMatchObject(full);
    await expect(places.within('ann', nothing)).rejects.toMatchObject({ code: 'too_many_requests' });
    running[0]?.end('');
    await running[0]?.done;
    const last = start(places, 'cid');
    await expect(places.within('bob', nothing)).rejects.toMatchObject(full);
    for (const { end } of [...running, last]) end('');
    await Promise.all([...running, last].map(({ done }) => done));
    expect(await places.within('bob', nothing)).toBe('done');
  });

  it('are counted exactly: the end of one makes room for one', async () => {
    const places = new Places({ each: { most: 3, message: 'Three of yours run.' }, all: { most: 3 } });
    const refused = () => expect(places.within('ann', nothing)).rejects.toThrow('Three of yours run.');
    for (let round = 0; round < 2; round += 1) {
      const running = [start(places, 'ann'), start(places, 'ann'), start(places, 'ann')];
      await refused();
      running[0]?.end('');
      await running[0]?.done;
      running.push(start(places, 'ann'));
      await refused();
      for (const { end } of running) end('');
      await Promise.all(running.map(({ done }) => done));
    }
  });

  it('can be held longer than a call', () => {
    const places = new Places({ each: { most: 1, code: 'too_many_streams' } });
    const giveBack = places.take('ag_1');
    expect(() => places.take('ag_1')).toThrow(expect.objectContaining({ code: 'too_many_streams' }));
    giveBack();
    expect(places.take('ag_1')).toBeTypeOf('function');
  });
});
