import { afterAll, beforeAll } from 'vitest';
import { type AuthUnderTest, startAuthInstance, startTestServers } from './auth-under-test.ts';

/** The servers of the current test file. */
export let servers: Awaited<ReturnType<typeof startTestServers>>;
export let auth: AuthUnderTest;
/** The second instance, if the test file has two. */
export let other: AuthUnderTest;

/** Starts servers and auth before the tests of a file, and stops them afterwards. Two instances start at the same time, as in a cluster. */
export const useAuth = (instances: 1 | 2): void => {
  const running: AuthUnderTest[] = [];
  beforeAll(async () => {
    servers = await startTestServers();
    running.push(...(await Promise.all(Array.from({ length: instances }, () => startAuthInstance(servers)))));
    const [first, second = first] = running;
    if (first === undefined || second === undefined) throw new Error('no instance was started');
    [auth, other] = [first, second];
  });
  afterAll(async () => {
    await Promise.all(running.map((instance) => instance.stop()));
    await servers?.stop();
  });
};
