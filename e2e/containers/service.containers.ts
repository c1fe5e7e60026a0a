import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoginMachine } from './login-machine.ts';

// The agent as systemd runs it, on a machine of its own: npm run test:containers -- service. This checkout must belong to root, as
// in a container of CI: root runs nothing that others can write.

let machine: LoginMachine;

beforeAll(async () => {
  machine = await LoginMachine.start();
  expect(await machine.service('install')).toMatchObject({ code: 0, enabled: 'enabled', active: 'active' });
}, 600_000);
afterAll(() => machine?.remove());

/** SIGKILL comes 2 s after SIGTERM (docs/agent.md). The rest is for a busy machine. */
const commandEndsWithinMs = 8000;

describe('the service of the agent', () => {
  it('is refused as root from a clone in the home of a user, by the path, and writes nothing', async () => {
    const refused = /would load what others can change: \/home\/dev1\S* belongs to the user \d+[\s\S]*exit 2$/;
    expect(await machine.service('fromHome')).toEqual({
      said: [expect.stringMatching(refused), expect.stringMatching(refused)],
      unchanged: true,
    });
  });

  it('makes a second start by hand end with the reason, and with how to stop the service', async () => {
    expect(await machine.service('startBeside')).toEqual({
      code: 0,
      said: expect.stringMatching(
        /The service runs this agent already.*there is nothing to start.[\s\S]*systemctl stop/,
      ),
      stays: true,
    });
  });

  it('ends shells and commands when it is restarted, keeps detached processes (nohup, tmux), and opens new shells', async () => {
    const { tookMs: _, ...facts } = await machine.service('restart');
    expect(facts).toEqual({ nohup: 1, tmux: 1, foreground: 0, command: 0, cause: 'agent_stopped' });
  });

  it('ends its commands and shells when it is killed with SIGKILL, and is started again by systemd', async () => {
    const { commandGoneMs, ...facts } = await machine.service('killed');
    expect(facts).toEqual({ nohup: 1, restarts: '1' });
    expect(commandGoneMs).toBeLessThan(commandEndsWithinMs);
  });

  it('ends processes that commands left at the next start, when it was killed with its guard', async () => {
    const { commandGoneMs } = await machine.service('killedWithGuard');
    expect(commandGoneMs).toBeLessThan(commandEndsWithinMs);
  });

  it('stops in order at SIGTERM, with the processes of its commands', async () => {
    expect(await machine.service('stop')).toEqual({ result: 'success', active: 'inactive', command: 0 });
  });

  it('is not restarted repeatedly with a truncated key file', async () => {
    const facts = { active: 'failed', status: '2', later: 'failed', restarts: '0' };
    expect(await machine.service('damaged')).toEqual(facts);
  });

  it.each([
    ['read-only', 'readOnly', /Disk: .*EROFS/],
    ['full', 'full', /Disk: .*ENOSPC/],
  ])(
    'links, links again and opens shells with its folder on a %s disk, and says so once',
    async (_, scenario, said) => {
      const facts = await machine.service(scenario);
      expect(facts).toMatchObject({ code: 0, said: expect.stringMatching(said), lines: 1 });
      expect(facts.said).toMatch(/connected since/);
    },
  );

  it('is not configured for an account whose shell is not installed', async () => {
    expect(await machine.service('noShell')).toEqual({
      code: 2,
      said: expect.stringMatching(/The login shell of dev1, .*no-such-shell, is not installed/),
      unchanged: true,
    });
  });

  it('opens shells of the user with the tools of busybox alone, and reports that they are no logins', async () => {
    const said = expect.stringMatching(/Logins: .*su and setsid of util-linux/);
    expect(await machine.service('busybox')).toEqual({ code: 0, said });
  });

  it('reports that its shells are no logins, until the su of util-linux is installed', async () => {
    const { without, again } = await machine.service('noSu');
    expect(without).toMatchObject({ code: 0, said: expect.stringMatching(/Logins: .*su and setsid.*install it/) });
    expect(again).toMatchObject({ code: 0, said: expect.not.stringContaining('Logins:') });
  });
});
