import { describe, expect, it, vi } from 'vitest';
import { BoundedWork, type Rank } from './bounded-work.ts';

const gate = (): { open: () => void; closed: Promise<void> } => {
  let open = (): void => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, closed };
};

describe('bounded work', () => {
  it('runs so many at once, then in order', async () => {
    const work = new BoundedWork(2, 10, 'Too many.');
    const gates = [gate(), gate(), gate()];
    const started: number[] = [];
    const done = gates.map((each, index) =>
      work.run(async () => {
        started.push(index);
        await each.closed;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    gates[1]?.open();
    await done[1];
    await vi.waitFor(() => expect(started).toEqual([0, 1, 2]));
    for (const each of gates) each.open();
    await Promise.all(done);
  });

  it('answers 503 at once when too many wait, and goes on after a failure', async () => {
    const work = new BoundedWork(1, 1, 'Too many.');
    const first = gate();
    const running = work.run(() => first.closed.then(() => Promise.reject(new Error('failed'))));
    const waits = work.run(async () => 'second');
    await expect(work.run(async () => 'third')).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    first.open();
    await expect(running).rejects.toThrow('failed');
    await expect(waits).resolves.toBe('second');
    await expect(work.run(async () => 'fourth')).resolves.toBe('fourth');
  });

  it('runs prioritized work first, and other work does not fill its places', async () => {
    const work = new BoundedWork(1, 2, 'Too many.');
    const running = gate();
    const order: string[] = [];
    const run = (name: string, rank: Rank) => work.run(async () => void order.push(name), rank);
    const all = [
      work.run(() => running.closed),
      run('new', 'last'),
      run('other', 'next'),
      run('another', 'next'),
      run('owner', 'first'),
    ];
    expect(work.waiting).toBe(4);
    running.open();
    await Promise.all(all);
    expect(order).toEqual(['owner', 'other', 'another', 'new']);
  });

  it('keeps half of its places free of unlimited callers', async () => {
    const work = new BoundedWork(4, 2, 'Too many.');
    const [crowd, others] = [gate(), gate()];
    let running = 0;
    const wait = async (closed: Promise<unknown>): Promise<void> => {
      running += 1;
      await closed;
      running -= 1;
    };
    const all = Array.from({ length: 4 }, () => work.run(() => wait(crowd.closed), 'last'));
    await expect(work.run(async () => {}, 'last')).rejects.toMatchObject({ status: 503 });
    expect([running, work.waiting]).toEqual([2, 2]);
    all.push(
      work.run(() => wait(others.closed)),
      work.run(() => wait(others.closed), 'first'),
    );
    expect([running, work.waiting]).toEqual([4, 2]);
    others.open();
    await Promise.all(all.slice(4));
    expect([running, work.waiting]).toEqual([2, 2]);
    crowd.open();
    await Promise.all(all);
    expect([running, work.waiting]).toEqual([0, 0]);
  });
});
