import { describe, expect, it } from 'vitest';
import { SharePerUser } from './share-per-user.ts';

describe('work that all users share', () => {
  it('is refused to a user at the limit, not to other users, and accepted again when one is done', async () => {
    const share = new SharePerUser(2, 'Two of yours run.');
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const running = [share.run('ann', () => first.promise), share.run('ann', () => second.promise)];
    await expect(share.run('ann', async () => 3)).rejects.toMatchObject({ code: 'too_many_requests', status: 429 });
    expect(await share.run('bob', async () => 4)).toBe(4);
    first.reject(new Error('it failed'));
    await expect(running[0]).rejects.toThrow('it failed');
    expect(await share.run('ann', async () => 5)).toBe(5);
    second.resolve();
    await running[1];
  });

  it('is counted exactly: the end of one makes room for one', async () => {
    const share = new SharePerUser(3, 'Three of yours run.');
    const start = () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      return { end: resolve, done: share.run('ann', () => promise) };
    };
    const refused = () => expect(share.run('ann', async () => 0)).rejects.toThrow('Three of yours run.');
    for (let round = 0; round < 2; round += 1) {
      const running = [start(), start(), start()];
      await refused();
      running[0]?.end();
      await running[0]?.done;
      running.push(start());
      await refused();
      for (const { end } of running) end();
      await Promise.all(running.map(({ done }) => done));
    }
  });
});
