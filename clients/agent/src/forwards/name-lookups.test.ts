import { expect, it } from 'vitest';
import { NameLookups } from './name-lookups.ts';

/** Look-ups that are answered by the test. */
const make = () => {
  const asked: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<readonly string[]>>();
  const lookups = new NameLookups((name) => {
    const answer = Promise.withResolvers<readonly string[]>();
    asked.push(name);
    answers.set(name, answer);
    return answer.promise;
  });
  const late = new AbortController();
  const ask = (name: string, owner: string, signal = late.signal) => lookups.addressesOf(name, owner, signal);
  return { asked, answers, late, ask };
};

it('needs no name server for addresses and localhost', async () => {
  const { asked, ask } = make();
  expect(await ask('192.0.2.1', 'ann')).toEqual(['192.0.2.1']);
  expect(await ask('fd00::1', 'ann')).toEqual(['fd00::1']);
  expect(await ask('LocalHost', 'ann')).toEqual(['::1', '127.0.0.1']);
  expect(asked).toEqual([]);
});

it('lets names of one user that are not answered keep no other user waiting, and forgets who has given up', async () => {
  const { asked, answers, late, ask } = make();
  const hanging = Array.from({ length: 300 }, (_none, index) => ask(`hangs-${index}.example`, 'ann'));
  const ended = Promise.allSettled(hanging);
  const forBob = ask('db.internal', 'bob', new AbortController().signal);
  expect(asked).toEqual(['hangs-0.example', 'db.internal']);
  answers.get('db.internal')?.resolve(['10.0.0.1']);
  expect(await forBob).toEqual(['10.0.0.1']);
  late.abort();
  for (const each of await ended) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'EAI_AGAIN' } });
  // The first one still takes its thread. The others are not asked for any more.
  const after = new AbortController().signal;
  const next = ask('next.example', 'ann', after);
  expect(asked).toHaveLength(2);
  answers.get('hangs-0.example')?.reject(new Error('no answer'));
  await expect.poll(() => asked).toEqual(['hangs-0.example', 'db.internal', 'next.example']);
  answers.get('next.example')?.resolve(['10.0.0.2']);
  expect(await next).toEqual(['10.0.0.2']);
});

it('resolves names of two users at a time', async () => {
  const { asked, answers, ask } = make();
  const all = ['ann', 'bob', 'eve'].map((owner) => ask(`${owner}.example`, owner));
  expect(asked).toEqual(['ann.example', 'bob.example']);
  answers.get('bob.example')?.resolve([]);
  await all[1];
  await expect.poll(() => asked).toContain('eve.example');
});
