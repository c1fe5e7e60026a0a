import type { AuthUnderTest } from './auth-under-test.ts';

let count = 0;

/**
 * Signs up a user whose username and e-mail start with `name` and end with a number that no other user of the test file has.
 * `clientIp`: the address that signs up. Sign-ups are limited per address.
 */
export const signUp = async (auth: AuthUnderTest, name: string, clientIp?: string) => {
  count += 1;
  const person = { username: `${name} ${count}`, email: `${name}${count}@example.com`, password: 'yourpassword' };
  const { body } = await auth.call('POST', '/api/signup', person, clientIp === undefined ? {} : { clientIp });
  return { ...person, id: String(body.user?.id), token: body.token };
};
