import { expect, it } from 'vitest';
import { chosenUsers } from './chosen-users.ts';

const root = { username: 'root', uid: 0 };
const ann = { username: 'ann', uid: 1000 };

it('the first named account is the default, and the others are written only if there are any', () => {
  expect(chosenUsers([], root)).toEqual({ linux_user: 'root' });
  expect(chosenUsers(['deploy', 'deploy'], root)).toEqual({ linux_user: 'deploy' });
  expect(chosenUsers(['*', 'deploy', 'backup'], root)).toEqual({
    linux_user: 'deploy',
    other_linux_users: ['backup', '*'],
  });
});

it('the sign for any account is refused alone, because root would be the default without being named', () => {
  expect(() => chosenUsers(['*'], root)).toThrow('Name the account that is used by default');
});

it('an agent without root has only its own account', () => {
  expect(chosenUsers(['ann'], ann)).toEqual({ linux_user: 'ann' });
  for (const given of [['ann', 'bob'], ['*'], ['ann', '*']])
    expect(() => chosenUsers(given, ann)).toThrow('Without root the agent opens shells only as ann');
});
